import { type ReplicationObserver, stagesOf, timesOf } from '@revocast/denylist/replica';
import type { Metrics } from './register-metrics.ts';

/** Counts the events of replication: changes, their latency, gaps, snapshots and heartbeats. */
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
    logIdentified(_identity, before) {
      if (before !== undefined) metrics.counter('log_identity_changes_total').inc();
    },
    lossProven() {
      metrics.counter('log_losses_total').inc();
    },
    resynced(rules) {
      metrics.counter('resyncs_total').inc({ cause: resyncCause });
      resyncCause = 'start';
      // A snapshot contains neither the dimension nor the time of a revocation.
      metrics.counter('revocation_events_total').inc({ dimension: 'unknown', result: 'resynced' }, rules);
    },
    reseeded(rules) {
      metrics.counter('reseeded_rules_total').inc(rules);
    },
    heartbeatSeen(latencyMs) {
      // Corrected clocks still differ slightly. A negative latency is impossible, so it counts as 0.
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
