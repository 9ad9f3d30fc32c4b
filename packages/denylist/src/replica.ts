// What a process needs that holds a denylist: the `@revocast/denylist/replica` entry.

export { Backoff, type BackoffOptions } from './backoff.ts';
export type { Clock, Random } from './clock.ts';
export { ConfigurationError } from './configuration-error.ts';
export { Denylist } from './denylist.ts';
export {
  type Digest,
  type DigestSet,
  digestIn,
  digestOf,
  digestSetOf,
  digestToBase64url,
  digestToHex,
} from './digest.ts';
export type { Change, RevocationDetails } from './event.ts';
export type { Feed, FeedPosition, GapCause } from './feed.ts';
export { FeedError, FeedGap, gapCauses } from './feed.ts';
export { type FreshnessState, type FreshnessStatus, staleCauses } from './freshness.ts';
export { Readers } from './http/readers.ts';
export { createFeedServer, type FeedServer, type FeedServerOptions } from './http/serve.ts';
export { endOfRestart, isRestart, restartDigest } from './log-restart.ts';
export { active, activeSinceRestart, type LookUp, type UnknownCause, unknownCauses, type Verdict } from './look-up.ts';
export { defaultMaxStalenessMs, leastMaxStalenessMs, mostMaxStalenessMs } from './max-staleness.ts';
export { type MetricName, type MetricSpec, metricPrefix, metricTable } from './metric-table.ts';
export type { AppliedResult, ReplicationObserver } from './observer.ts';
export type { OnceAnswer, OnceStore } from './once-store.ts';
export { openFeed } from './open-feed.ts';
export { openLookUp } from './open-look-up.ts';
export { openOnceStore } from './open-once-store.ts';
export { openReplica, type Replica, type ReplicaOptions, type ReplicaStatus } from './open-replica.ts';
export { type OpenedSource, openSource } from './open-source.ts';
export {
  epochTime,
  formatTraceparent,
  type OpenTelemetryApi,
  parseTraceparent,
  spanKinds,
  type TelemetryAttributes,
} from './open-telemetry.ts';
export { openUsageStore } from './open-usage-store.ts';
export type { Reader, ReplicaProgress } from './reader.ts';
export { type Dimension, type DimensionValue, dimensions } from './revocation.ts';
export { type LatencyStages, type RevocationTimes, stagesOf, timesOf } from './revocation-latency.ts';
export { denies, ruleMarginSeconds } from './rule.ts';
export type { Misconfiguration, SourceFigures, SourceHealth } from './source-health.ts';
export { randomHex, systemClock, systemRandom } from './system-clock.ts';
export { signingInputName } from './token-target.ts';
export {
  closeClasses,
  isClientClassName,
  maxClientClasses,
  maxReportDigests,
  namelessClass,
  type UsageFigures,
  type UsageReport,
  type UsageStore,
  unlistedClass,
} from './usage.ts';
