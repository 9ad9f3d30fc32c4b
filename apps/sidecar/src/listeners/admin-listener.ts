import type { Express, Response } from 'express';
import type { ProbeAnswer, Probes } from '../health/probes.ts';
import type { Build } from '../version.ts';
import { answerError, createBareApp } from './bare-app.ts';
import { type BrowserCheckOptions, createBrowserCheck, isPrivateName } from './browser-check.ts';

interface AdminListenerOptions extends Pick<BrowserCheckOptions, 'address' | 'allowedHosts'> {
  readonly probes: Probes;
  /** Every series in the text format of Prometheus, and its content type. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  readonly version: Build;
}

/** The routes of the admin listener: values of the label `route` of `sidecar_http_requests_total`. */
export const adminRoutes = ['/', '/startupz', '/livez', '/readyz', '/metrics', '/version'] as const;

/**
 * Serves probes and metrics. It listens on the address of the pod, because the kubelet connects to it. Therefore it is
 * read-only, and no answer contains an identity. A kubelet sends the address of the pod as `Host`, Prometheus that or the
 * name of a service, and some load balancers (HTTP/1.0) none.
 */
export function createAdminListener({ probes, metrics, version, ...checked }: AdminListenerOptions): Express {
  const app = createBareApp();
  const check = createBrowserCheck({ ...checked, isOwnName: (host) => host === '' || isPrivateName(host) });
  app.use((request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    const refusal = check(request);
    if (refusal !== undefined) {
      const { status, ...body } = refusal;
      response.status(status).json(body);
      return;
    }
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    response.status(405).setHeader('Allow', 'GET, HEAD').json({ error: 'method_not_allowed' });
  });
  app.get('/', (_request, response) => void response.json({ routes: adminRoutes }));
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
