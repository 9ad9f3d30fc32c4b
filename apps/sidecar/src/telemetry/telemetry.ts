import type { Clock, OpenedSource, ReplicationObserver } from '@revocast/denylist/replica';
import { Registry } from 'prom-client';
import { type Handlers, pathOf } from '../listeners/listen.ts';
import type { Build } from '../version.ts';
import { countReplication } from './count-replication.ts';
import { measure, type Watched } from './measure.ts';
import { registerMetrics } from './register-metrics.ts';
import { sidecarMetrics } from './sidecar-metrics.ts';

export interface Telemetry {
  /** The content of `/metrics`. */
  readonly exposition: { readonly contentType: string; metrics(): Promise<string> };
  /** Counts the events of replication. */
  readonly observer: ReplicationObserver;
  /** Counts the requests to `handlers`, by path. A path that is not in `routes` counts as `other`. */
  countRequests(handlers: Handlers, routes: readonly string[]): Handlers;
  /** Counts the revocations that are appended through the returned log. */
  countRevocations(log: OpenedSource['log']): OpenedSource['log'];
  /** Sets the parts that are measured at every scrape. */
  watch(parts: Watched): void;
}

/** All series of one sidecar, in a registry of its own: several sidecars may run in one process. */
export function createTelemetry(clock: Clock, build: Build): Telemetry {
  const registry = new Registry();
  const metrics = registerMetrics(sidecarMetrics, registry);
  metrics.gauge('build_info').set({ ...build, component: 'sidecar' }, 1);
  let watched: Watched | undefined;
  let countedAtMs = clock.monotonicMs();
  let wasFresh = false;

  const countNotFresh = (): void => {
    const nowMs = clock.monotonicMs();
    if (!wasFresh) metrics.counter('feed_not_fresh_seconds_total').inc((nowMs - countedAtMs) / 1000);
    countedAtMs = nowMs;
  };

  return {
    exposition: {
      contentType: registry.contentType,
      metrics() {
        countNotFresh();
        if (watched !== undefined) measure(metrics, watched);
        return registry.metrics();
      },
    },
    observer: {
      ...countReplication(metrics),
      freshnessChanged({ state }) {
        countNotFresh();
        wasFresh = state === 'fresh';
      },
    },
    countRequests({ request: handle, upgrade }, routes) {
      const count = (path: string, code: number) => {
        const route = routes.includes(path) ? path : 'other';
        metrics.counter('sidecar_http_requests_total').inc({ route, code });
      };
      return {
        request(request, response) {
          const path = pathOf(request);
          response.once('close', () => count(path, response.statusCode));
          handle(request, response);
        },
        upgrade:
          upgrade &&
          ((request, socket, head) => {
            const status = upgrade(request, socket, head);
            count(pathOf(request), status);
            return status;
          }),
      };
    },
    countRevocations: (log) => ({
      ...log,
      async append(request) {
        const appended = await log.append(request);
        const { kind, dimension, reason = 'other' } = request.details;
        const isNew = kind === 'revoke' && !appended.repeated;
        if (isNew && dimension !== undefined) metrics.counter('revocations_total').inc({ dimension, reason });
        return appended;
      },
    }),
    watch(parts) {
      watched = parts;
    },
  };
}
