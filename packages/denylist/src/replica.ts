// The entry `@revocast/denylist/replica`: for a process that holds a denylist.

export { brandError } from './brand-error.ts';
export { type Clock, pauseTogether, type Random } from './clock.ts';
export { isJsonObject, type JsonObject, parseJson, parseJsonObject } from './codec/json.ts';
export {
  decodeRememberedLog,
  encodeRememberedLog,
  maxRememberedLogLength,
} from './codec/remembered-log.ts';
export { ConfigurationError } from './configuration-error.ts';
export { disposable, type Undisposed } from './disposable.ts';
export { durationForms, durationPattern, readDuration, writeDuration } from './duration.ts';
export { errorCodeOf } from './error-code.ts';
export { checkExpectLog, isIdentity } from './log/expect-log.ts';
export { type Feed, FeedError, FeedGap, type FeedPosition } from './log/feed.ts';
export { fixForFeedError, isNoAnswer } from './log/feed-error-fixes.ts';
export { active, type LookUp, type UnknownCause, type Verdict } from './log/look-up.ts';
export type { OpenedSource } from './log/opened-source.ts';
export type { Reader, ReplicaProgress } from './log/reader.ts';
export type { ReplayAnswer, ReplayStore } from './log/replay-store.ts';
export type { Misconfiguration, SourceFigures, SourceHealth } from './log/source-health.ts';
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
} from './log/usage.ts';
export type { Labels } from './metrics/metric-family.ts';
export { type MetricSpec, metricPrefix } from './metrics/metric-spec.ts';
export {
  epochTime,
  errorStatus,
  type OpenTelemetryApi,
  parseTraceparent,
  spanKinds,
  type TelemetryAttributes,
} from './metrics/open-telemetry.ts';
export { percentilesOf } from './metrics/percentiles.ts';
export {
  type Counter,
  type MetricFamilies,
  type MetricsRegistry,
  type RegisteredFamilies,
  registerFamilies,
} from './metrics/register-families.ts';
export { latencyBuckets, replicationMetrics } from './metrics/replication-metrics.ts';
export { type RevocationTimes, stagesOf, timesOf } from './metrics/revocation-latency.ts';
export { checkWholeNumber, type OptionBounds } from './option-bounds.ts';
export { processLabel } from './process-label.ts';
export { processWide } from './process-wide.ts';
export { checkOptions } from './publisher/check-options.ts';
export { signingInputName } from './publisher/token-target.ts';
export { unexpected } from './publisher/unexpected.ts';
export { readVersion } from './read-version.ts';
export { Backoff } from './replication/backoff.ts';
export { type FreshnessStatus, staleCauses } from './replication/freshness.ts';
export { LogMemory, type RememberedLog } from './replication/log-memory.ts';
export { defaultMaxStalenessMs, leastMaxStalenessMs, mostMaxStalenessMs } from './replication/max-staleness.ts';
export { type AppliedResult, fanOut, type ReplicationObserver } from './replication/observer.ts';
export { openReplica, type Replica, type ReplicaOptions, type ReplicaStatus } from './replication/open-replica.ts';
export { readerVersion } from './replication/replicate.ts';
export {
  type DigestSet,
  digestFromHex,
  digestIn,
  digestOf,
  digestSetFrom,
  digestSetOf,
  digestToBase64url,
  digestToHex,
} from './rules/digest.ts';
export type { Change, RevocationDetails } from './rules/event.ts';
export { isName, longestName } from './rules/is-name.ts';
export { endOfRestart, restartDigest } from './rules/log-restart.ts';
export { placeOf } from './rules/placement.ts';
export { type Dimension, type DimensionValue, dimensions, revocationReasons } from './rules/revocation.ts';
export {
  backdatingSeconds,
  cutoffSkewSeconds,
  defaultMaxTokenLifetimeSeconds,
  denies,
  forEver,
  type Rule,
  ruleMarginSeconds,
  unstatedCutoffSkewSeconds,
} from './rules/rule.ts';
export { lateAfterMs, statementId } from './rules/statement-id.ts';
export { valueOfTarget } from './rules/target-value.ts';
export { anyIssuer, type TrustedIssuers, trustedIssuers, unionOfIssuers } from './rules/trusted-issuers.ts';
export { openFeed } from './sources/open-feed.ts';
export { openLookUp } from './sources/open-look-up.ts';
export { openReplayStore } from './sources/open-replay-store.ts';
export { openSource } from './sources/open-source.ts';
export { openUsageStore } from './sources/open-usage-store.ts';
export { readTlsFiles } from './sources/read-tls-files.ts';
export { parseSource } from './sources/source.ts';
export { suggestName } from './suggest-name.ts';
export { afterTurn, randomHex, stayAlive, systemClock, systemRandom } from './system-clock.ts';
export { Denylist } from './table/denylist.ts';
export { withTimeout } from './with-timeout.ts';
