import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { ProbeAnswer, Probes } from '../health/probes.ts';

export interface AdminListenerOptions {
  readonly probes: Probes;
  /** The exposition of every series, and its content type. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  readonly version: { readonly version: string; readonly node: string };
}

/** Everything this listener answers, as the label of `sidecar_http_requests_total` names it. */
export const adminRoutes = ['/startupz', '/livez', '/readyz', '/metrics', '/version'] as const;

/**
 * Probes and metrics. It listens on the pod's address, because the kubelet comes from there, so nothing here changes
 * anything or names anybody.
 */
export function createAdminListener({ probes, metrics, version }: AdminListenerOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    response.status(405).setHeader('Allow', 'GET, HEAD').json({ error: 'method_not_allowed' });
  });
  app.get('/startupz', (_request, response) => answer(response, probes.startup()));
  app.get('/livez', (_request, response) => answer(response, probes.live()));
  app.get('/readyz', (_request, response) => answer(response, probes.ready()));
  app.get('/version', (_request, response) => void response.json(version));
  app.get('/metrics', async (_request, response) => {
    const text = await metrics.metrics();
    response.setHeader('Content-Type', metrics.contentType).end(text);
  });
  app.use((_request, response) => void response.status(404).json({ error: 'not_found', routes: adminRoutes }));
  app.use(answerError);
  return app;
}

function answer(response: Response, probe: ProbeAnswer): void {
  response.status(probe.ok ? 200 : 503).json(probe);
}

// Express takes a handler of four parameters for one of errors. Its own would print a stack to the client.
function answerError(_error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  response.status(500).json({ error: 'internal_error' });
}
