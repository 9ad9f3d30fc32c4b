import { stagesOf, timesOf } from '@revocast/denylist/replica';
import type { FeedObserver } from '../revocation/shared-replica.ts';
import type { MetricFamilies } from './middleware-metrics.ts';

/** Counts the events of a feed. */
export function feedCounters(families: MetricFamilies): FeedObserver {
  // The event of a snapshot has no cause: the cause is the gap that was found before it.
  let resyncCause = 'start';
  const clamped = families.cell('negative_latencies_total');
  return {
    gapFound(cause) {
      resyncCause = cause;
      families.cell('log_gaps_total', { cause }).value += 1;
    },
    epochChanged() {
      families.cell('log_epoch_changes_total').value += 1;
    },
    logIdentified(_identity, before) {
      if (before !== undefined) families.cell('log_identity_changes_total').value += 1;
    },
    lossProven() {
      families.cell('log_losses_total').value += 1;
    },
    resynced(rules) {
      families.cell('resyncs_total', { cause: resyncCause }).value += 1;
      resyncCause = 'start';
      families.cell('revocation_events_total', { dimension: 'unknown', result: 'resynced' }).value += rules;
    },
    reseeded(rules) {
      families.cell('reseeded_rules_total').value += rules;
    },
    changeApplied(change, result, appliedAtMs) {
      const dimension = change.details?.dimension ?? 'unknown';
      families.cell('revocation_events_total', { dimension, result }).value += 1;
      const times = result === 'applied' ? timesOf(change, appliedAtMs) : undefined;
      if (times === undefined) return;
      const stages = stagesOf(times);
      families.histogram('revocation_latency_seconds').observe(stages.latency);
      for (const stage of ['publish', 'deliver', 'apply'] as const) {
        families.histogram('revocation_stage_seconds', { stage }).observe(stages[stage]);
      }
      if (times.corrected) clamped.value += 1;
    },
    heartbeatSeen(latencyMs) {
      if (latencyMs < 0) clamped.value += 1;
      families.histogram('canary_latency_seconds').observe(Math.max(0, latencyMs) / 1000);
    },
    exposureFound({ dimension, ageMs, leaked }) {
      const name = leaked ? 'revocation_leaked_requests_total' : 'revocation_exposed_requests_total';
      families.cell(name, { dimension }).value += 1;
      families.histogram('revocation_exposure_seconds').observe(ageMs / 1000);
    },
  };
}
