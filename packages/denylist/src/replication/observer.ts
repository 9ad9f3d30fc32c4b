import type { FeedPosition, GapCause } from '../log/feed.ts';
import type { Change } from '../rules/event.ts';
import type { FreshnessStatus } from './freshness.ts';

/** How an applied change came out. */
export type AppliedResult = 'applied' | 'duplicate' | 'resynced';

/** What replication tells whoever counts it. Every member is optional and must not throw. */
export interface ReplicationObserver {
  /** A snapshot was taken from here on. */
  connected?(position: FeedPosition): void;
  /** Everything up to here is applied. */
  positionReached?(position: FeedPosition): void;
  freshnessChanged?(status: FreshnessStatus): void;
  gapFound?(cause: GapCause): void;
  epochChanged?(): void;
  /** Log seconds at which the log began empty, while what was revoked before may be forgotten; then undefined. */
  restartChanged?(restartedAtSeconds: number | undefined): void;
  resynced?(rules: number): void;
  reseeded?(rules: number): void;
  /** `appliedAtMs` is in the log's clock; undefined while that is not known. */
  changeApplied?(change: Change, result: AppliedResult, appliedAtMs: number | undefined): void;
  /** A heartbeat's way from the log to here, in milliseconds of the log's clock. */
  heartbeatSeen?(latencyMs: number): void;
  connectionFailed?(error: unknown): void;
}
