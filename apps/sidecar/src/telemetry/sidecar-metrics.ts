import { dimensions, type MetricSpec, replicationMetrics, revocationReasons } from '@revocast/denylist/replica';
import type { RegisteredMetrics } from './register-metrics.ts';

/** All metrics of a sidecar. */
export const sidecarMetrics = [
  {
    name: 'revocations_total',
    type: 'counter',
    labels: { dimension: dimensions, reason: revocationReasons },
    help: 'Revocations that were logged through this process.',
    unit: 'events',
  },
  {
    name: 'active_subjects',
    type: 'gauge',
    labels: { period: ['day', 'month'] },
    help: 'Different subjects seen by all reporting processes this UTC day or month, within about 1 %.',
    unit: 'entries',
  },
  {
    name: 'tokens_seen',
    type: 'gauge',
    labels: { client_class: undefined, period: ['day'] },
    help: 'Different tokens seen by all reporting processes this UTC day, by class of the client, within about 1 %.',
    unit: 'entries',
  },
  {
    name: 'log_info',
    type: 'gauge',
    labels: { identity: undefined, epoch: undefined },
    help: '1 for the log that the sidecar follows: its identity, which outlives a loss, and its epoch.',
    unit: 'none',
  },
  {
    name: 'sidecar_ready',
    type: 'gauge',
    labels: {},
    help: '1 while the readiness probe answers 200.',
    unit: 'none',
  },
  {
    name: 'sidecar_clients',
    type: 'gauge',
    labels: {},
    help: 'Processes that follow the feed of this sidecar.',
    unit: 'none',
  },
  {
    name: 'sidecar_client_lag_rules',
    type: 'gauge',
    labels: {},
    help: 'Changes that the slowest follower has not yet reported as applied.',
    unit: 'rules',
  },
  {
    name: 'sidecar_http_requests_total',
    type: 'counter',
    labels: { route: undefined, code: undefined },
    help: 'Requests to the listeners of the sidecar, by route pattern and status.',
    unit: 'requests',
  },
  {
    name: 'redis_memory_used_bytes',
    type: 'gauge',
    labels: {},
    help: 'Memory that Redis uses.',
    unit: 'bytes',
  },
  {
    name: 'redis_memory_limit_bytes',
    type: 'gauge',
    labels: {},
    help: 'Memory that Redis may use (maxmemory); 0: no limit.',
    unit: 'bytes',
  },
  {
    name: 'redis_evicted_keys',
    type: 'gauge',
    labels: {},
    help: 'Keys that Redis has evicted since it started. Must be 0 unless the policy is volatile-…: a token whose revocation was evicted is accepted.',
    unit: 'entries',
  },
  {
    name: 'redis_eviction_policy_info',
    type: 'gauge',
    labels: { policy: undefined },
    help: '1 for the eviction policy in force; allkeys-… evicts revocations.',
    unit: 'none',
  },
  {
    name: 'redis_log_entries',
    type: 'gauge',
    labels: {},
    help: 'Entries in the stream of the revocation log.',
    unit: 'entries',
  },
  {
    name: 'redis_log_oldest_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'Log time of the oldest entry in the stream, Unix seconds; a reader that was disconnected for longer reads a snapshot.',
    unit: 'seconds',
  },
  ...replicationMetrics,
] as const satisfies readonly MetricSpec[];

/** The registered metrics of a sidecar. */
export type Metrics = RegisteredMetrics<(typeof sidecarMetrics)[number]['name']>;
