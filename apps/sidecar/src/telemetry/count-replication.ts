import type { Change, ReplicationObserver } from '@revocast/denylist/replica';
import type { Metrics } from './register-metrics.ts';

/** Turns what replication tells into the series of revocation latency, gaps and resyncs. */
export function countReplication(metrics: Metrics): ReplicationObserver {
  let resyncCause = 'start';

  const observe = (name: 'revocation_latency_seconds' | 'canary_latency_seconds', ms: number) =>
    metrics.histogram(name).observe(seconds(ms, metrics));
  const observeStage = (stage: 'publish' | 'deliver' | 'apply', ms: number) =>
    metrics.histogram('revocation_stage_seconds').observe({ stage }, seconds(ms, metrics));

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
      observe('canary_latency_seconds', latencyMs);
    },
    changeApplied(change, result, appliedAtMs) {
      metrics.counter('revocation_events_total').inc({ dimension: change.details?.dimension ?? 'unknown', result });
      const stages = result === 'applied' ? stagesOf(change, appliedAtMs) : undefined;
      if (stages === undefined) return;
      observe('revocation_latency_seconds', stages.totalMs);
      observeStage('publish', stages.publishMs);
      observeStage('deliver', stages.deliverMs);
      observeStage('apply', stages.applyMs);
    },
  };
}

/** The way of one revocation, all in the log's clock; undefined for what carries no times (a lift, a re-seed). */
function stagesOf({ details, loggedAtMs, receivedAtMs }: Change, appliedAtMs: number | undefined) {
  if (details?.kind !== 'revoke' || loggedAtMs === undefined || appliedAtMs === undefined) return undefined;
  const beganAtMs = details.occurredAtMs ?? details.requestedAtMs ?? loggedAtMs;
  const arrivedAtMs = receivedAtMs ?? appliedAtMs;
  return {
    totalMs: appliedAtMs - beganAtMs,
    publishMs: loggedAtMs - beganAtMs,
    deliverMs: arrivedAtMs - loggedAtMs,
    applyMs: appliedAtMs - arrivedAtMs,
  };
}

/** Clocks differ by a little even when corrected: nothing arrives before it was sent. */
function seconds(ms: number, metrics: Metrics): number {
  if (ms < 0) metrics.counter('negative_latencies_total').inc();
  return Math.max(0, ms) / 1000;
}
