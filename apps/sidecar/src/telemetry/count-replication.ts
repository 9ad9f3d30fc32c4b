import { type ReplicationObserver, stagesOf, timesOf } from '@revocast/denylist/replica';
import type { Metrics } from './sidecar-metrics.ts';

/** Counts the events of replication: changes, their latency, gaps, snapshots and heartbeats. */
export function countReplication(metrics: Metrics): ReplicationObserver {
  let resyncCause = 'start';
  // Found once: they are used for every change.
  const events = metrics.counter('revocation_events_total');
  const latencies = metrics.histogram('revocation_latency_seconds');
  const stages = metrics.histogram('revocation_stage_seconds');

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
      events.inc({ dimension: 'unknown', result: 'resynced' }, rules);
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
      events.inc({ dimension: change.details?.dimension ?? 'unknown', result });
      const times = result === 'applied' ? timesOf(change, appliedAtMs) : undefined;
      if (times === undefined) return;
      if (times.corrected) metrics.counter('negative_latencies_total').inc();
      const { latency, publish, deliver, apply } = stagesOf(times);
      latencies.observe(latency);
      stages.observe({ stage: 'publish' }, publish);
      stages.observe({ stage: 'deliver' }, deliver);
      stages.observe({ stage: 'apply' }, apply);
    },
  };
}
