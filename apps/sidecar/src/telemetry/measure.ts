import type { Replica, SourceFigures, UsageFigures } from '@revocast/denylist/replica';
import type { FeedServer } from '@revocast/denylist/server';
import type { Probes } from '../health/probes.ts';
import type { SourceWatch } from '../health/watch-source.ts';
import type { UsageCount } from './count-usage.ts';
import type { Metrics } from './sidecar-metrics.ts';

/** The parts of a sidecar whose state is read at every scrape. */
export interface Watched {
  readonly replica: Pick<Replica, 'status'>;
  readonly probes: Pick<Probes, 'ready'>;
  readonly feedServer: Pick<FeedServer, 'clients'>;
  readonly sourceWatch: Pick<SourceWatch, 'latest'>;
  readonly usage?: Pick<UsageCount, 'latest'>;
}

/** Sets every gauge. A figure that is not known has no sample: a 0 would be a false measurement. */
export function measure(metrics: Metrics, { replica, probes, feedServer, sourceWatch, usage }: Watched): void {
  const status = replica.status();
  const { rules, maxRules, watermarkMs = 0, clockOffsetMs, forgettingPausedMs = 0 } = status;
  const { freshness, epoch, identity = '' } = status;
  const { count, behind } = feedServer.clients();
  const figures: SourceFigures = sourceWatch.latest()?.figures ?? {};
  const gauges = [
    ['denylist_rules', rules],
    ['denylist_limit_rules', maxRules],
    ['denylist_watermark_timestamp_seconds', watermarkMs / 1000],
    ['forgetting_paused_seconds', forgettingPausedMs / 1000],
    ['sidecar_ready', probes.ready().ok ? 1 : 0],
    ['sidecar_clients', count],
    ['sidecar_client_lag_rules', behind],
    ['redis_memory_used_bytes', figures.memoryUsedBytes],
    ['redis_memory_limit_bytes', figures.memoryLimitBytes],
    ['redis_evicted_keys', figures.evictedKeys],
    ['redis_log_entries', figures.logEntries],
    ['redis_log_oldest_timestamp_seconds', figures.logOldestMs === undefined ? undefined : figures.logOldestMs / 1000],
  ] as const;
  for (const [name, value] of gauges) {
    if (value === undefined) metrics.gauge(name).remove();
    else metrics.gauge(name).set(value);
  }
  if (clockOffsetMs !== undefined) metrics.gauge('clock_offset_seconds').set({ peer: 'log' }, clockOffsetMs / 1000);
  const { leaseHolderOffsetMs } = figures;
  if (leaseHolderOffsetMs !== undefined) {
    metrics.gauge('clock_offset_seconds').set({ peer: 'lease_holder' }, leaseHolderOffsetMs / 1000);
  }
  for (const state of ['cold', 'fresh', 'stale'] as const) {
    metrics.gauge('feed_state').set({ state }, state === freshness.state ? 1 : 0);
  }
  const log = metrics.gauge('log_info');
  log.reset();
  if (epoch !== undefined) log.set({ identity, epoch }, 1);
  const policy = metrics.gauge('redis_eviction_policy_info');
  policy.reset();
  if (figures.evictionPolicy !== undefined) policy.set({ policy: figures.evictionPolicy }, 1);
  measureUsage(metrics, usage?.latest());
}

function measureUsage(metrics: Metrics, figures: UsageFigures | undefined): void {
  const subjects = metrics.gauge('active_subjects');
  const tokens = metrics.gauge('tokens_seen');
  subjects.reset();
  tokens.reset();
  if (figures === undefined) return;
  subjects.set({ period: 'day' }, figures.subjectsOfDay);
  subjects.set({ period: 'month' }, figures.subjectsOfMonth);
  for (const [client_class, count] of Object.entries(figures.tokensOfDay)) {
    tokens.set({ client_class, period: 'day' }, count);
  }
}
