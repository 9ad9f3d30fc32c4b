import type { RequestListener, ServerResponse } from 'node:http';
import { answering, sendJson } from './answer.ts';
import { type BrowserCheckOptions, createBrowserCheck, isPrivateName } from './browser-check.ts';
import { pathOf } from './listen.ts';

export interface AdminListenerOptions extends Pick<BrowserCheckOptions, 'address' | 'allowedHosts'> {
  readonly probes: { readonly [Probe in 'startup' | 'live' | 'ready']: () => { readonly ok: boolean } };
  /** Every series in the text format of Prometheus, and its content type. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  /** The content of `/version`. */
  readonly version: object;
}

/** The routes of the admin listener: as the counters of requests name them. */
export const adminRoutes = ['/', '/startupz', '/livez', '/readyz', '/metrics', '/version'] as const;
type AdminRoute = (typeof adminRoutes)[number];

/**
 * Serves probes and metrics. It listens on the address of the pod, because the kubelet connects to it. Therefore it is
 * read-only, and no answer contains an identity. A kubelet sends the address of the pod as `Host`, Prometheus that or the
 * name of a service, and some load balancers (HTTP/1.0) none.
 */
export function createAdminListener({ probes, metrics, version, ...checked }: AdminListenerOptions): RequestListener {
  const check = createBrowserCheck({ ...checked, isOwnName: (host) => host === '' || isPrivateName(host) });
  const answers: Readonly<Record<AdminRoute, (response: ServerResponse) => void | Promise<void>>> = {
    '/': (response) => sendJson(response, 200, { routes: adminRoutes }),
    '/startupz': (response) => sendProbe(response, probes.startup()),
    '/livez': (response) => sendProbe(response, probes.live()),
    '/readyz': (response) => sendProbe(response, probes.ready()),
    '/version': (response) => sendJson(response, 200, version),
    '/metrics': async (response) => {
      const text = await metrics.metrics();
      response.setHeader('Content-Type', metrics.contentType).end(text);
    },
  };
  return answering((request, response) => {
    const { method, headers } = request;
    const path = pathOf(request);
    response.setHeader('Cache-Control', 'no-store');
    const refusal = check({ method, path, headers });
    if (refusal !== undefined) {
      const { status, ...body } = refusal;
      return sendJson(response, status, body);
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return sendJson(response.setHeader('Allow', 'GET, HEAD'), 405, { error: 'method_not_allowed' });
    }
    const route = adminRoutes.find((known) => known === path);
    if (route === undefined) return sendJson(response, 404, { error: 'not_found', routes: adminRoutes });
    return answers[route](response);
  });
}

function sendProbe(response: ServerResponse, probe: { readonly ok: boolean }): void {
  sendJson(response, probe.ok ? 200 : 503, probe);
}
