import type { FeedPosition, GapCause } from '../log/feed.ts';
import type { Change } from '../rules/event.ts';
import type { FreshnessStatus } from './freshness.ts';

/** The result of an applied change. */
export type AppliedResult = 'applied' | 'duplicate' | 'resynced';

/** Events of replication, for metrics and logs. Every member is optional and must not throw. */
export interface ReplicationObserver {
  /** A snapshot was read. The tail follows from its position. */
  readonly connected?: ((position: FeedPosition) => void) | undefined;
  /** Everything up to here is applied. */
  readonly positionReached?: ((position: FeedPosition) => void) | undefined;
  readonly freshnessChanged?: ((status: FreshnessStatus) => void) | undefined;
  readonly gapFound?: ((cause: GapCause) => void) | undefined;
  readonly epochChanged?: (() => void) | undefined;
  /** The identity of the log is known, or is another one than `before`: then it is neither that log nor a copy of it. */
  readonly logIdentified?: ((identity: string, before: string | undefined) => void) | undefined;
  /** The log lacks an entry that this process remembers: it is older than that, and was marked as restarted. */
  readonly lossProven?: (() => void) | undefined;
  /** Log seconds at which the log began empty, while revocations stated before may be lost; then undefined. */
  readonly restartChanged?: ((restartedAtSeconds: number | undefined) => void) | undefined;
  /** A snapshot with this number of rules was merged. */
  readonly resynced?: ((rules: number) => void) | undefined;
  /** This number of rules was appended to a log that had lost them. */
  readonly reseeded?: ((rules: number) => void) | undefined;
  /** `appliedAtMs`: the log's clock; undefined while it is unknown. */
  readonly changeApplied?:
    | ((change: Change, result: AppliedResult, appliedAtMs: number | undefined) => void)
    | undefined;
  /** `latencyMs`: from the heartbeat in the log to this process, in the log's clock. */
  readonly heartbeatSeen?: ((latencyMs: number) => void) | undefined;
  readonly connectionFailed?: ((error: unknown) => void) | undefined;
}

/** An observer that forwards every event to each of `observers`, in order, including those added to it later. */
export function fanOut(observers: Iterable<ReplicationObserver>): Required<ReplicationObserver> {
  return {
    connected(position) {
      for (const observer of observers) observer.connected?.(position);
    },
    positionReached(position) {
      for (const observer of observers) observer.positionReached?.(position);
    },
    freshnessChanged(status) {
      for (const observer of observers) observer.freshnessChanged?.(status);
    },
    gapFound(cause) {
      for (const observer of observers) observer.gapFound?.(cause);
    },
    logIdentified(identity, before) {
      for (const observer of observers) observer.logIdentified?.(identity, before);
    },
    lossProven() {
      for (const observer of observers) observer.lossProven?.();
    },
    epochChanged() {
      for (const observer of observers) observer.epochChanged?.();
    },
    restartChanged(atSeconds) {
      for (const observer of observers) observer.restartChanged?.(atSeconds);
    },
    resynced(rules) {
      for (const observer of observers) observer.resynced?.(rules);
    },
    reseeded(rules) {
      for (const observer of observers) observer.reseeded?.(rules);
    },
    changeApplied(change, result, atMs) {
      for (const observer of observers) observer.changeApplied?.(change, result, atMs);
    },
    heartbeatSeen(latencyMs) {
      for (const observer of observers) observer.heartbeatSeen?.(latencyMs);
    },
    connectionFailed(error) {
      for (const observer of observers) observer.connectionFailed?.(error);
    },
  };
}
