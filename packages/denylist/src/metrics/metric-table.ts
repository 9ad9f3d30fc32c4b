import { gapCauses } from '../log/feed.ts';
import { dimensions, revocationReasons } from '../rules/revocation.ts';

/** Who exports a metric. `publisher` means whoever calls `revoke()`, with a registry. */
export type MetricComponent = 'middleware' | 'sidecar' | 'publisher';

export interface MetricSpec {
  /** Without the prefix {@link metricPrefix}. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Label → its closed list of values; `undefined` for a list that configuration closes (issuers, versions). */
  readonly labels: Readonly<Record<string, readonly string[] | undefined>>;
  readonly help: string;
  readonly unit: 'seconds' | 'bytes' | 'requests' | 'rules' | 'entries' | 'events' | 'none';
  /** Upper bounds in `unit`; of histograms. */
  readonly buckets?: readonly number[];
  readonly components: readonly MetricComponent[];
}

/** Every metric name starts with it. */
export const metricPrefix = 'revocast_';

/** So wide that one chart shows where polling (10 s), caches (300–600 s) and hourly tokens stand. */
export const latencyBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 900, 3600,
] as const;

/** Verification happens in memory, or waits for a key set or a look-up. */
const verificationBuckets = [
  0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5,
] as const;

/** A rule learnt from a snapshot does not say which dimension it is of. */
const dimensionValues = [...dimensions, 'unknown'] as const;
/** Seconds; access tokens live minutes to hours. */
const tokenAgeBuckets = [1, 10, 60, 180, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400] as const;
const causes = ['start', ...gapCauses] as const;
const replicating = ['middleware', 'sidecar'] as const;

/**
 * Every metric there is, as data: registered from here, documented from here, and what dashboards and alerts are tested
 * against. Label values are closed lists; none is ever a subject, a token id, a client, a path or an error text.
 */
export const metricTable = [
  {
    name: 'verifications_total',
    type: 'counter',
    labels: { outcome: ['accepted', 'rejected', 'unavailable', 'would_reject'], reason: undefined, issuer: undefined },
    help: 'Requests decided by protect(), by outcome, reason (none when accepted) and issuer alias.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'authorizations_total',
    type: 'counter',
    labels: { outcome: ['accepted', 'rejected', 'unavailable', 'would_reject'], reason: undefined },
    help: 'Requests decided by a guard (requireScope and others), by outcome and reason (none when accepted).',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'verification_duration_seconds',
    type: 'histogram',
    labels: { outcome: ['accepted', 'rejected', 'unavailable'], path: ['cached', 'verified'] },
    help: 'Time protect() took to decide; path=cached when signature and claims were known from an earlier request.',
    unit: 'seconds',
    buckets: verificationBuckets,
    components: ['middleware'],
  },
  {
    name: 'token_cache_lookups_total',
    type: 'counter',
    labels: { result: ['hit', 'miss', 'invalidated'] },
    help: 'Look-ups in the cache of verified tokens; invalidated when the key that verified the token is trusted no more.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'token_cache_entries',
    type: 'gauge',
    labels: {},
    help: 'Verified tokens held in the cache.',
    unit: 'entries',
    components: ['middleware'],
  },
  {
    name: 'jwks_key_lookups_total',
    type: 'counter',
    labels: {
      issuer: undefined,
      result: ['found', 'unknown_kid', 'missing_kid', 'key_not_usable', 'alg_not_allowed', 'jwks_unavailable'],
    },
    help: 'Keys asked of the key set by tokens that were not cached, by result.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'jwks_fetches_total',
    type: 'counter',
    labels: {
      issuer: undefined,
      result: [
        'loaded',
        'not_modified',
        'insecure_url',
        'network',
        'timeout',
        'redirect',
        'bad_status',
        'bad_content_type',
        'too_large',
        'bad_json',
        'bad_metadata',
        'issuer_mismatch',
        'not_a_key_set',
        'too_many_keys',
        'no_usable_keys',
        'internal_error',
      ],
    },
    help: 'Refreshes of an issuer key set, by how they ended.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'jwks_fetch_duration_seconds',
    type: 'histogram',
    labels: { issuer: undefined },
    help: 'Time a refresh of an issuer key set took, however it ended.',
    unit: 'seconds',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30],
    components: ['middleware'],
  },
  {
    name: 'jwks_last_success_timestamp_seconds',
    type: 'gauge',
    labels: { issuer: undefined },
    help: 'When the key set was last loaded or confirmed, Unix seconds; 0 before the first time.',
    unit: 'seconds',
    components: ['middleware'],
  },
  {
    name: 'jwks_keys',
    type: 'gauge',
    labels: { issuer: undefined },
    help: 'Usable keys held of an issuer.',
    unit: 'entries',
    components: ['middleware'],
  },
  {
    name: 'denylist_checks_total',
    type: 'counter',
    labels: { source: ['memory', 'redis'], verdict: ['active', 'revoked', 'unknown'] },
    help: 'Revocation checks by who answered and what; unknown from memory is followed by redis where a look-up is set.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'denylist_rules',
    type: 'gauge',
    labels: {},
    help: 'Rules held in memory.',
    unit: 'rules',
    components: replicating,
  },
  {
    name: 'denylist_limit_rules',
    type: 'gauge',
    labels: {},
    help: 'Rules that may be held; at this number the denylist is not fresh any more.',
    unit: 'rules',
    components: replicating,
  },
  {
    name: 'denylist_watermark_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'Log time up to which the denylist is known to be complete, Unix seconds; 0 before the first proof.',
    unit: 'seconds',
    components: replicating,
  },
  {
    name: 'feed_state',
    type: 'gauge',
    labels: { state: ['cold', 'fresh', 'stale'] },
    help: 'Feeds of this process in each state; only a fresh one can say that a token is not revoked.',
    unit: 'none',
    components: replicating,
  },
  {
    name: 'feed_not_fresh_seconds_total',
    type: 'counter',
    labels: {},
    help: 'Time during which the denylist could not be trusted to be complete.',
    unit: 'seconds',
    components: replicating,
  },
  {
    name: 'fail_open_accepts_total',
    type: 'counter',
    labels: {},
    help: "Requests accepted although nobody could tell whether the token is revoked: whenUnknown: 'accept' is set.",
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'degraded',
    type: 'gauge',
    labels: { dependency: ['denylist', 'jwks'] },
    help: '1 while a dependency is not as it should be: the denylist not fresh, a key set cold or past its soft age.',
    unit: 'none',
    components: ['middleware'],
  },
  {
    name: 'revocations_total',
    type: 'counter',
    labels: { dimension: dimensions, reason: revocationReasons },
    help: 'Revocations that this process logged.',
    unit: 'events',
    components: ['publisher', 'sidecar'],
  },
  {
    name: 'revocation_events_total',
    type: 'counter',
    labels: { dimension: dimensionValues, result: ['applied', 'duplicate', 'expired', 'invalid', 'resynced'] },
    help: 'Changes that reached this process, by what came of them; resynced are rules learnt from a snapshot or re-seed.',
    unit: 'events',
    components: replicating,
  },
  {
    name: 'revocation_latency_seconds',
    type: 'histogram',
    labels: {},
    help: 'From the revocation (when it occurred, or was requested) to its being enforced in this process.',
    unit: 'seconds',
    buckets: latencyBuckets,
    components: replicating,
  },
  {
    name: 'revocation_stage_seconds',
    type: 'histogram',
    labels: { stage: ['publish', 'deliver', 'apply'] },
    help: 'Stages of revocation latency: publish (until logged), deliver (until received on this host), apply.',
    unit: 'seconds',
    buckets: latencyBuckets,
    components: replicating,
  },
  {
    name: 'canary_latency_seconds',
    type: 'histogram',
    labels: {},
    help: 'From the log to here, of heartbeats: propagation while nobody revokes.',
    unit: 'seconds',
    buckets: latencyBuckets,
    components: replicating,
  },
  {
    name: 'negative_latencies_total',
    type: 'counter',
    labels: {},
    help: 'Latencies that came out below zero because clocks differ, and were counted as zero.',
    unit: 'events',
    components: replicating,
  },
  {
    name: 'revocation_exposed_requests_total',
    type: 'counter',
    labels: { dimension: dimensions },
    help: 'Requests accepted after a revocation and before it was enforced here: normal, there is traffic meanwhile.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'revocation_exposure_seconds',
    type: 'histogram',
    labels: {},
    help: 'How long after the revocation an exposed request was accepted.',
    unit: 'seconds',
    buckets: latencyBuckets,
    components: ['middleware'],
  },
  {
    name: 'revocation_leaked_requests_total',
    type: 'counter',
    labels: { dimension: dimensions },
    help: 'Requests accepted past the stated bound by a process that called itself fresh. Must be 0.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'usage_requests_total',
    type: 'counter',
    labels: { client_class: undefined },
    help: 'Accepted requests by the configured class of the client; other: in no class, unknown: the token names none.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'usage_scope_requests_total',
    type: 'counter',
    labels: { scope: undefined, use: ['granted', 'used'] },
    help: 'Requests by configured scope; granted: the accepted token has it, used: a guard that let the request pass asked for it.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'token_age_at_use_seconds',
    type: 'histogram',
    labels: {},
    help: 'How long ago the token of an accepted request was issued.',
    unit: 'seconds',
    buckets: tokenAgeBuckets,
    components: ['middleware'],
  },
  {
    name: 'suspicious_uses_total',
    type: 'counter',
    labels: {},
    help: 'Accepted requests from a place that nobody could have reached since the last one of the same session or token.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'usage_hook_failures_total',
    type: 'counter',
    labels: { hook: ['locate', 'on_suspicious_use'] },
    help: 'Hooks of the usage options that threw, rejected or returned no place; the request went on without them.',
    unit: 'events',
    components: ['middleware'],
  },
  {
    name: 'usage_reports_total',
    type: 'counter',
    labels: { result: ['sent', 'refused', 'failed'] },
    help: 'Reports of subjects and tokens seen; refused: the sidecar counts none, failed: it could not be told, both dropped.',
    unit: 'events',
    components: ['middleware'],
  },
  {
    name: 'usage_overflow_total',
    type: 'counter',
    labels: {},
    help: 'Uses of a token that did not fit into the next report; its next use tries again.',
    unit: 'requests',
    components: ['middleware'],
  },
  {
    name: 'active_subjects',
    type: 'gauge',
    labels: { period: ['day', 'month'] },
    help: 'Different subjects seen by all reporting processes this UTC day or month, within about 1 %.',
    unit: 'entries',
    components: ['sidecar'],
  },
  {
    name: 'tokens_seen',
    type: 'gauge',
    labels: { client_class: undefined, period: ['day'] },
    help: 'Different tokens seen by all reporting processes this UTC day, by class of the client, within about 1 %.',
    unit: 'entries',
    components: ['sidecar'],
  },
  {
    name: 'log_gaps_total',
    type: 'counter',
    labels: { cause: gapCauses },
    help: 'Holes found in the history of the log; each is followed by a new snapshot.',
    unit: 'events',
    components: replicating,
  },
  {
    name: 'log_epoch_changes_total',
    type: 'counter',
    labels: {},
    help: 'Times the log was found to be another one.',
    unit: 'events',
    components: replicating,
  },
  {
    name: 'resyncs_total',
    type: 'counter',
    labels: { cause: causes },
    help: 'Snapshots taken, by what made them necessary.',
    unit: 'events',
    components: replicating,
  },
  {
    name: 'reseeded_rules_total',
    type: 'counter',
    labels: {},
    help: 'Rules given back to a log that had lost them.',
    unit: 'rules',
    components: replicating,
  },
  {
    name: 'clock_offset_seconds',
    type: 'gauge',
    labels: { peer: ['log'] },
    help: 'Clock of the peer minus the clock of this machine.',
    unit: 'seconds',
    components: replicating,
  },
  {
    name: 'sidecar_ready',
    type: 'gauge',
    labels: {},
    help: '1 while the readiness probe says yes.',
    unit: 'none',
    components: ['sidecar'],
  },
  {
    name: 'sidecar_clients',
    type: 'gauge',
    labels: {},
    help: 'Processes that follow the feed of this sidecar.',
    unit: 'none',
    components: ['sidecar'],
  },
  {
    name: 'sidecar_client_lag_rules',
    type: 'gauge',
    labels: {},
    help: 'Changes that the slowest follower has not reported as applied.',
    unit: 'rules',
    components: ['sidecar'],
  },
  {
    name: 'sidecar_http_requests_total',
    type: 'counter',
    labels: { route: undefined, code: undefined },
    help: 'Requests to the listeners of the sidecar, by route pattern and status.',
    unit: 'requests',
    components: ['sidecar'],
  },
  {
    name: 'redis_memory_used_bytes',
    type: 'gauge',
    labels: {},
    help: 'Memory that Redis uses.',
    unit: 'bytes',
    components: ['sidecar'],
  },
  {
    name: 'redis_memory_limit_bytes',
    type: 'gauge',
    labels: {},
    help: 'Memory that Redis may use (maxmemory); 0: no limit.',
    unit: 'bytes',
    components: ['sidecar'],
  },
  {
    name: 'redis_evicted_keys',
    type: 'gauge',
    labels: {},
    help: 'Keys that Redis has evicted since it started. Must be 0: an evicted revocation is an accepted attacker.',
    unit: 'entries',
    components: ['sidecar'],
  },
  {
    name: 'redis_eviction_policy_info',
    type: 'gauge',
    labels: { policy: undefined },
    help: '1 for the eviction policy in force; only noeviction is safe.',
    unit: 'none',
    components: ['sidecar'],
  },
  {
    name: 'redis_log_entries',
    type: 'gauge',
    labels: {},
    help: 'Entries in the stream of the revocation log.',
    unit: 'entries',
    components: ['sidecar'],
  },
  {
    name: 'redis_log_oldest_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'Log time of the oldest entry in the stream, Unix seconds: a reader away for longer takes a snapshot.',
    unit: 'seconds',
    components: ['sidecar'],
  },
  {
    name: 'build_info',
    type: 'gauge',
    labels: { version: undefined, node: undefined, component: ['middleware', 'sidecar', 'publisher'] },
    help: '1, with the version of the package and of Node.',
    unit: 'none',
    components: ['middleware', 'sidecar', 'publisher'],
  },
] as const satisfies readonly MetricSpec[];

/** The name of a metric, without its prefix. */
export type MetricName = (typeof metricTable)[number]['name'];
