import {
  type Counter,
  dimensions,
  type MetricFamilies as Families,
  latencyBuckets,
  type MetricSpec,
  replicationMetrics,
} from '@revocast/denylist/replica';
import { keyLookupResults, keySetFetchResults } from '../jwks/key-source.ts';
import { endReasons } from '../streams/watch.ts';

/** Seconds. Verification runs in memory, or waits for a key set or a look-up. */
const verificationBuckets = [
  0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5,
] as const;

/** Seconds. Access tokens are valid for minutes to hours. */
const tokenAgeBuckets = [1, 10, 60, 180, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400] as const;

/** All metrics of an API process. */
export const middlewareMetrics = [
  {
    name: 'verifications_total',
    type: 'counter',
    labels: { outcome: ['accepted', 'rejected', 'unavailable', 'would_reject'], reason: undefined, issuer: undefined },
    help: 'Requests decided by protect(), by outcome, reason (none when accepted) and issuer alias.',
    unit: 'requests',
  },
  {
    name: 'authorizations_total',
    type: 'counter',
    labels: { outcome: ['accepted', 'rejected', 'unavailable', 'would_reject'], reason: undefined },
    help: 'Requests decided by a guard (requireScope and others), by outcome and reason (none when accepted).',
    unit: 'requests',
  },
  {
    name: 'verification_duration_seconds',
    type: 'histogram',
    labels: { outcome: ['accepted', 'rejected', 'unavailable'], path: ['cached', 'verified'] },
    help: 'Time protect() took to decide; path=cached when signature and claims were known from an earlier request.',
    unit: 'seconds',
    buckets: verificationBuckets,
  },
  {
    name: 'token_cache_lookups_total',
    type: 'counter',
    labels: { result: ['hit', 'miss', 'invalidated'] },
    help: 'Look-ups in the cache of verified tokens; invalidated: the key that verified the token is no longer trusted.',
    unit: 'requests',
  },
  {
    name: 'token_cache_entries',
    type: 'gauge',
    labels: {},
    help: 'Verified tokens held in the cache.',
    unit: 'entries',
  },
  {
    name: 'jwks_key_lookups_total',
    type: 'counter',
    labels: {
      issuer: undefined,
      result: keyLookupResults,
    },
    help: 'Look-ups of the keys of tokens that were not cached, by result.',
    unit: 'requests',
  },
  {
    name: 'jwks_fetches_total',
    type: 'counter',
    labels: {
      issuer: undefined,
      result: keySetFetchResults,
    },
    help: 'Refreshes of the key set of an issuer, and failed calls of issuers.resolve, by result.',
    unit: 'requests',
  },
  {
    name: 'jwks_fetch_duration_seconds',
    type: 'histogram',
    labels: { issuer: undefined },
    help: 'Duration of the refreshes of the key set of an issuer, successful or not.',
    unit: 'seconds',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30],
  },
  {
    name: 'jwks_last_success_timestamp_seconds',
    type: 'gauge',
    labels: { issuer: undefined },
    help: 'Time at which the key set was last loaded or confirmed, Unix seconds; 0 before the first time.',
    unit: 'seconds',
  },
  {
    name: 'jwks_keys',
    type: 'gauge',
    labels: { issuer: undefined },
    help: 'Usable keys of an issuer.',
    unit: 'entries',
  },
  {
    name: 'denylist_checks_total',
    type: 'counter',
    labels: { source: ['memory', 'redis'], verdict: ['active', 'revoked', 'unknown'] },
    help: 'Revocation checks by source and verdict; unknown from memory is followed by redis where a look-up is configured.',
    unit: 'requests',
  },
  {
    name: 'fail_open_accepts_total',
    type: 'counter',
    labels: {},
    help: "Requests accepted although it was unknown whether the token is revoked, because of whenUnknown: 'accept'.",
    unit: 'requests',
  },
  {
    name: 'degraded',
    type: 'gauge',
    labels: { dependency: ['denylist', 'jwks'] },
    help: '1 while a dependency is degraded: the denylist is not fresh, or a key set is cold or older than its soft age.',
    unit: 'none',
  },
  {
    name: 'revocation_exposed_requests_total',
    type: 'counter',
    labels: { dimension: dimensions },
    help: 'Requests accepted after a revocation and before this process enforced it: normal, requests arrive in between.',
    unit: 'requests',
  },
  {
    name: 'revocation_exposure_seconds',
    type: 'histogram',
    labels: {},
    help: 'How long after the revocation an exposed request was accepted.',
    unit: 'seconds',
    buckets: latencyBuckets,
  },
  {
    name: 'revocation_leaked_requests_total',
    type: 'counter',
    labels: { dimension: dimensions },
    help: 'Requests accepted later than the stated bound while this process was fresh. Must be 0.',
    unit: 'requests',
  },
  {
    name: 'watched_streams',
    type: 'gauge',
    labels: {},
    help: 'Open streams (WebSocket, SSE, long responses) that end with their token: verifier.watch() and endWithToken().',
    unit: 'entries',
  },
  {
    name: 'streams_ended_total',
    type: 'counter',
    labels: { reason: endReasons },
    help: 'Watched streams that were ended before their application closed them, by reason.',
    unit: 'entries',
  },
  {
    name: 'stream_end_seconds',
    type: 'histogram',
    labels: {},
    help: 'Time from the log to the end of a stream that a revocation ended, in the clock of the log.',
    unit: 'seconds',
    buckets: latencyBuckets,
  },
  {
    name: 'usage_requests_total',
    type: 'counter',
    labels: { client_class: undefined },
    help: 'Accepted requests by the configured class of the client; other: in no class, unknown: the token names no client.',
    unit: 'requests',
  },
  {
    name: 'usage_scope_requests_total',
    type: 'counter',
    labels: { scope: undefined, use: ['granted', 'used'] },
    help: 'Requests by configured scope; granted: the accepted token has it, used: a guard that let the request pass required it.',
    unit: 'requests',
  },
  {
    name: 'token_age_at_use_seconds',
    type: 'histogram',
    labels: {},
    help: 'Age of the tokens of accepted requests since their issue.',
    unit: 'seconds',
    buckets: tokenAgeBuckets,
  },
  {
    name: 'suspicious_uses_total',
    type: 'counter',
    labels: {},
    help: 'Accepted requests from a place that is too far from that of the last request with the same session or token.',
    unit: 'requests',
  },
  {
    name: 'usage_hook_failures_total',
    type: 'counter',
    labels: { hook: ['locate', 'on_suspicious_use'] },
    help: 'Hooks of the usage options that threw, rejected or returned no place; the request was not affected.',
    unit: 'events',
  },
  {
    name: 'usage_reports_total',
    type: 'counter',
    labels: { result: ['sent', 'refused', 'failed'] },
    help: 'Reports of subjects and tokens seen; refused: the sidecar counts none, failed: it did not receive it; both are dropped.',
    unit: 'events',
  },
  {
    name: 'usage_overflow_total',
    type: 'counter',
    labels: {},
    help: 'Uses of a token that did not fit into the next report; the next use of the token is tried again.',
    unit: 'requests',
  },
  ...replicationMetrics,
] as const satisfies readonly MetricSpec[];

/** The name of a metric, without its prefix. */
export type MetricName = (typeof middlewareMetrics)[number]['name'];

/** Finds the series of the metrics, and creates them. */
export type MetricFamilies = Families<MetricName>;
export type { Counter };
