import type { RevocationReason } from '@revocast/denylist';
import { cutoffSkewSeconds, lateAfterMs } from '@revocast/denylist/replica';
import type { Action } from './signal.ts';

/** Seconds that the log permits a cutoff to be ahead of its clock, less some for the difference to the clock of this process. */
const mostAheadSeconds = 55;

export interface ActionInput {
  readonly kind: Action['kind'];
  readonly reason: RevocationReason;
  /** Unix milliseconds of the event by the clock of its sender. Undefined: the event has no time. */
  readonly happenedAtMs: number | undefined;
  readonly nowMs: number;
  readonly event: readonly string[];
}

/**
 * An action with its times. A time of the sender is taken as it is, however wrong its clock, because the same clock stamps the
 * tokens: a login after the event is not denied, and no token of before it survives. Only an event without a time needs the
 * skew, because then the clock of this process is compared with the tokens.
 */
export function actionOf({ kind, reason, happenedAtMs, nowMs, event }: ActionInput): Action {
  const nowSeconds = Math.floor(nowMs / 1000);
  const receivedUpTo = nowSeconds + cutoffSkewSeconds;
  const issuedUpTo =
    happenedAtMs === undefined
      ? receivedUpTo
      : Math.min(Math.floor(happenedAtMs / 1000), nowSeconds + mostAheadSeconds);
  const stateAtMs = happenedAtMs ?? nowMs;
  const isLate = nowMs - stateAtMs > lateAfterMs;
  // Some senders use one id for several events. A time of receipt would differ in each delivery of the same event.
  const named = happenedAtMs === undefined ? event : [...event, String(happenedAtMs)];
  return { kind, reason, issuedUpTo, receivedUpTo, stateAtMs, isLate, event: named };
}
