import { type ReplicationObserver, stagesOf, timesOf } from '@revocast/denylist/replica';
import type { Metrics } from './register-metrics.ts';

/** Turns what replication tells into the series of revocation latency, gaps and resyncs. */
export function countReplication(metrics: Metrics): ReplicationObserver {
  let resyncCause = 'start';

  return {
    gapFound(cause) {
      resyncCause = cause;
      metrics.counter('log_gaps_total').inc({ cause });
    },
    epochChanged() {
      metrics.counter('log_epoch_changes_total').inc();
    },
    resynced(rules) {
      metrics.counter('resyncs_total').inc({ cause: resyncCause });
      resyncCause = 'start';
      // A snapshot tells neither dimension nor time of a rule.
      metrics.counter('revocation_events_total').inc({ dimension: 'unknown', result: 'resynced' }, rules);
    },
    reseeded(rules) {
      metrics.counter('reseeded_rules_total').inc(rules);
    },
    heartbeatSeen(latencyMs) {
      // Clocks differ by a little even when corrected: nothing arrives before it was sent.
      if (latencyMs < 0) metrics.counter('negative_latencies_total').inc();
      metrics.histogram('canary_latency_seconds').observe(Math.max(0, latencyMs) / 1000);
    },
    changeApplied(change, result, appliedAtMs) {
      metrics.counter('revocation_events_total').inc({ dimension: change.details?.dimension ?? 'unknown', result });
      const times = result === 'applied' ? timesOf(change, appliedAtMs) : undefined;
      if (times === undefined) return;
      if (times.corrected) metrics.counter('negative_latencies_total').inc();
      const { latency, ...stages } = stagesOf(times);
      metrics.histogram('revocation_latency_seconds').observe(latency);
      for (const [stage, seconds] of Object.entries(stages)) {
        metrics.histogram('revocation_stage_seconds').observe({ stage }, seconds);
      }
    },
  };
}
