import type { SourceFigures } from '@revocast/denylist/replica';
import type { Metrics } from './register-metrics.ts';

/** Sets the series of the source. A figure that is hidden has no sample: a 0 would be a lie. */
export function measureSource(metrics: Metrics, figures: SourceFigures): void {
  const set = (name: Parameters<Metrics['gauge']>[0], value: number | undefined) => {
    const gauge = metrics.gauge(name);
    if (value === undefined) gauge.remove();
    else gauge.set(value);
  };
  set('redis_memory_used_bytes', figures.memoryUsedBytes);
  set('redis_memory_limit_bytes', figures.memoryLimitBytes);
  set('redis_evicted_keys', figures.evictedKeys);
  set('redis_log_entries', figures.logEntries);
  set('redis_log_oldest_timestamp_seconds', figures.logOldestMs === undefined ? undefined : figures.logOldestMs / 1000);
  const policy = metrics.gauge('redis_eviction_policy_info');
  policy.reset();
  if (figures.evictionPolicy !== undefined) policy.set({ policy: figures.evictionPolicy }, 1);
}
