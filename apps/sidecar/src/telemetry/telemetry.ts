import type { IncomingMessage } from 'node:http';
import type { Clock, OpenedSource, Replica, ReplicationObserver } from '@revocast/denylist/replica';
import type { FeedServer } from '@revocast/denylist/server';
import { Registry } from 'prom-client';
import type { Probes } from '../health/probes.ts';
import type { SourceWatch } from '../health/watch-source.ts';
import type { Handlers } from '../listeners/listen.ts';
import { countReplication } from './count-replication.ts';
import type { UsageCount } from './count-usage.ts';
import { measureSource } from './measure-source.ts';
import { measureUsage } from './measure-usage.ts';
import { type Metrics, registerMetrics } from './register-metrics.ts';

export interface Telemetry {
  /** What `/metrics` serves. */
  readonly exposition: { readonly contentType: string; metrics(): Promise<string> };
  /** Counts the events of replication. */
  readonly observer: ReplicationObserver;
  /** Counts the requests of an app; `routes` is the closed list of its paths. */
  countRequests(handlers: Handlers, routes: readonly string[]): Handlers;
  /** Counts what is revoked through this sidecar. */
  countRevocations(log: OpenedSource['log']): OpenedSource['log'];
  /** What is read at every scrape. */
  watch(parts: Watched): void;
}

export interface Watched {
  readonly replica: Pick<Replica, 'status'>;
  readonly probes: Pick<Probes, 'ready'>;
  readonly feedServer: Pick<FeedServer, 'clients'>;
  readonly source: Pick<SourceWatch, 'latest'>;
  readonly usage?: Pick<UsageCount, 'latest'>;
}

export interface TelemetryOptions {
  readonly clock: Clock;
  readonly version: { readonly version: string; readonly node: string };
}

/** All series of one sidecar, on a registry of their own: several sidecars may live in one process. */
export function createTelemetry({ clock, version }: TelemetryOptions): Telemetry {
  const registry = new Registry();
  const metrics = registerMetrics(registry);
  metrics.gauge('build_info').set({ ...version, component: 'sidecar' }, 1);
  let watched: Watched | undefined;
  let scrapedAtMs = clock.monotonicMs();
  let wasFresh = false;

  const countNotFresh = (): void => {
    const nowMs = clock.monotonicMs();
    if (!wasFresh) metrics.counter('feed_not_fresh_seconds_total').inc((nowMs - scrapedAtMs) / 1000);
    scrapedAtMs = nowMs;
  };

  return {
    exposition: {
      contentType: registry.contentType,
      async metrics() {
        countNotFresh();
        if (watched !== undefined) read(metrics, watched);
        return await registry.metrics();
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
        ...(upgrade && {
          upgrade(request, socket, head) {
            const status = upgrade(request, socket, head);
            count(pathOf(request), status);
            return status;
          },
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

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function read(metrics: Metrics, { replica, probes, feedServer, source, usage }: Watched): void {
  measureUsage(metrics, usage?.latest());
  measureSource(metrics, source.latest()?.figures ?? {});
  const { rules, maxRules, watermarkMs = 0, clockOffsetMs, freshness } = replica.status();
  metrics.gauge('denylist_rules').set(rules);
  metrics.gauge('denylist_limit_rules').set(maxRules);
  metrics.gauge('denylist_watermark_timestamp_seconds').set(watermarkMs / 1000);
  for (const state of ['cold', 'fresh', 'stale'] as const) {
    metrics.gauge('feed_state').set({ state }, state === freshness.state ? 1 : 0);
  }
  if (clockOffsetMs !== undefined) metrics.gauge('clock_offset_seconds').set({ peer: 'log' }, clockOffsetMs / 1000);
  metrics.gauge('sidecar_ready').set(probes.ready().ok ? 1 : 0);
  const { count, behind } = feedServer.clients();
  metrics.gauge('sidecar_clients').set(count);
  metrics.gauge('sidecar_client_lag_rules').set(behind);
}
