import { gapCauses } from '../log/feed.ts';
import { dimensions } from '../rules/revocation.ts';
import type { MetricSpec } from './metric-spec.ts';

/** The range covers polling (10 s), caches (300–600 s) and tokens of an hour in one chart. */
export const latencyBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 900, 3600,
] as const;

/** A rule from a snapshot has no dimension. */
const dimensionValues = [...dimensions, 'unknown'] as const;
const causes = ['start', ...gapCauses] as const;

/** The metrics of every process that holds a denylist: API processes and sidecars. */
export const replicationMetrics = [
  {
    name: 'denylist_rules',
    type: 'gauge',
    labels: {},
    help: 'Rules in memory.',
    unit: 'rules',
  },
  {
    name: 'denylist_limit_rules',
    type: 'gauge',
    labels: {},
    help: 'Maximum number of rules in memory; a full denylist is not fresh.',
    unit: 'rules',
  },
  {
    name: 'denylist_watermark_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'Log time up to which the denylist is proven complete, Unix seconds; 0 before the first proof.',
    unit: 'seconds',
  },
  {
    name: 'feed_state',
    type: 'gauge',
    labels: { state: ['cold', 'fresh', 'stale'] },
    help: 'Feeds of this process in each state; only a fresh one proves that a token is not revoked.',
    unit: 'none',
  },
  {
    name: 'feed_not_fresh_seconds_total',
    type: 'counter',
    labels: {},
    help: 'Time during which the denylist was not proven complete.',
    unit: 'seconds',
  },
  {
    name: 'revocation_events_total',
    type: 'counter',
    labels: { dimension: dimensionValues, result: ['applied', 'duplicate', 'resynced'] },
    help: 'Changes that reached this process, by result; resynced are rules from a snapshot or a re-seed.',
    unit: 'events',
  },
  {
    name: 'revocation_latency_seconds',
    type: 'histogram',
    labels: {},
    help: 'From the revocation (when it occurred, or was requested) to its enforcement in this process.',
    unit: 'seconds',
    buckets: latencyBuckets,
  },
  {
    name: 'revocation_stage_seconds',
    type: 'histogram',
    labels: { stage: ['publish', 'deliver', 'apply'] },
    help: 'Stages of revocation latency: publish (until logged), deliver (until received on this host), apply.',
    unit: 'seconds',
    buckets: latencyBuckets,
  },
  {
    name: 'canary_latency_seconds',
    type: 'histogram',
    labels: {},
    help: 'From the log to this process, of heartbeats: propagation while there are no revocations.',
    unit: 'seconds',
    buckets: latencyBuckets,
  },
  {
    name: 'negative_latencies_total',
    type: 'counter',
    labels: {},
    help: 'Latencies below zero, because clocks differ; they are counted as zero.',
    unit: 'events',
  },
  {
    name: 'log_gaps_total',
    type: 'counter',
    labels: { cause: gapCauses },
    help: 'Gaps found in the history of the log; each is followed by a new snapshot.',
    unit: 'events',
  },
  {
    name: 'log_epoch_changes_total',
    type: 'counter',
    labels: {},
    help: 'Changes to another log, with another epoch.',
    unit: 'events',
  },
  {
    name: 'log_identity_changes_total',
    type: 'counter',
    labels: {},
    help: 'Changes to a log with another identity: not the log of before, and no copy of it.',
    unit: 'events',
  },
  {
    name: 'log_losses_total',
    type: 'counter',
    labels: {},
    help: 'Times that the log lacked an entry which this process remembers, and was marked as restarted.',
    unit: 'events',
  },
  {
    name: 'resyncs_total',
    type: 'counter',
    labels: { cause: causes },
    help: 'Snapshots read, by what made them necessary.',
    unit: 'events',
  },
  {
    name: 'reseeded_rules_total',
    type: 'counter',
    labels: {},
    help: 'Rules appended to a log that had lost them.',
    unit: 'rules',
  },
  {
    name: 'clock_offset_seconds',
    type: 'gauge',
    labels: { peer: ['log', 'lease_holder'] },
    help: 'Clock of the peer minus the clock of this machine; lease_holder is the sidecar that writes heartbeats.',
    unit: 'seconds',
  },
  {
    name: 'forgetting_paused_seconds',
    type: 'gauge',
    labels: {},
    help: 'For how long ended rules have not been removed from memory, because the clocks of log and machine disagree.',
    unit: 'seconds',
  },
  {
    name: 'build_info',
    type: 'gauge',
    labels: { version: undefined, node: undefined, component: ['middleware', 'sidecar'] },
    help: '1, with the version of the package and of Node.',
    unit: 'none',
  },
] as const satisfies readonly MetricSpec[];
