import type { Replica, SourceFigures, UsageFigures } from '@revocast/denylist/replica';
import type { FeedServer } from '@revocast/denylist/server';
import type { Probes } from '../health/probes.ts';
import type { SourceWatch } from '../health/watch-source.ts';
import type { UsageCount } from './count-usage.ts';
import type { Metrics } from './register-metrics.ts';

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
  measureSource(metrics, sourceWatch.latest()?.figures ?? {});
  measureUsage(metrics, usage?.latest());
}

function measureSource(metrics: Metrics, figures: SourceFigures): void {
  const { memoryUsedBytes, memoryLimitBytes, evictedKeys, logEntries, logOldestMs, evictionPolicy } = figures;
  const gauges = [
    ['redis_memory_used_bytes', memoryUsedBytes],
    ['redis_memory_limit_bytes', memoryLimitBytes],
    ['redis_evicted_keys', evictedKeys],
    ['redis_log_entries', logEntries],
    ['redis_log_oldest_timestamp_seconds', logOldestMs === undefined ? undefined : logOldestMs / 1000],
  ] as const;
  for (const [name, value] of gauges) {
    if (value === undefined) metrics.gauge(name).remove();
    else metrics.gauge(name).set(value);
  }
  const policy = metrics.gauge('redis_eviction_policy_info');
  policy.reset();
  if (evictionPolicy !== undefined) policy.set({ policy: evictionPolicy }, 1);
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
