import type { Change } from '../rules/event.ts';

/** The times of one revocation on its way to this process, in milliseconds of the log's clock, in ascending order. */
export interface RevocationTimes {
  /** At the identity provider, where that is known; otherwise when `revoke()` was called. */
  readonly occurredAtMs: number;
  readonly loggedAtMs: number;
  /** By the first process on this host. */
  readonly receivedAtMs: number;
  /** From here on, checks in this process use it. */
  readonly appliedAtMs: number;
  /** Clocks differ: at least one time was out of order, and was replaced by the one before or after it. */
  readonly corrected: boolean;
}

/** An append takes seconds at most. A longer time means that the clock of the log was set between the two readings. */
const longestPublishMs = 60_000;

/**
 * The times of an applied revocation.
 *
 * The log's own time is the reference: a revocation is requested before it is logged, and received after. So the stages
 * add up to the latency whatever the clocks did. A request that seems to be more than a minute older was dated by a clock
 * that has been set since: then the latency counts from the log.
 *
 * @param appliedAtMs log clock; undefined while it is unknown.
 * @returns undefined for a change without times (from a snapshot or a re-seed) and for a lift.
 */
export function timesOf(change: Change, appliedAtMs: number | undefined): RevocationTimes | undefined {
  const { details, loggedAtMs } = change;
  if (details?.kind !== 'revoke' || loggedAtMs === undefined || appliedAtMs === undefined) return undefined;
  const requested = details.requestedAtMs ?? loggedAtMs;
  const isPossible = loggedAtMs - requested <= longestPublishMs;
  const occurred = details.occurredAtMs ?? (isPossible ? requested : loggedAtMs);
  const received = change.receivedAtMs ?? appliedAtMs;
  const occurredAtMs = Math.min(occurred, loggedAtMs);
  const arrivedAtMs = Math.max(appliedAtMs, loggedAtMs);
  const receivedAtMs = Math.min(Math.max(received, loggedAtMs), arrivedAtMs);
  const corrected =
    !isPossible || occurredAtMs !== occurred || arrivedAtMs !== appliedAtMs || receivedAtMs !== received;
  return { occurredAtMs, loggedAtMs, receivedAtMs, appliedAtMs: arrivedAtMs, corrected };
}

/** Seconds. The stages add up to the latency. */
export interface LatencyStages {
  readonly latency: number;
  /** Until it was logged. */
  readonly publish: number;
  /** Until it was received on this host. */
  readonly deliver: number;
  /** Until it was applied here. */
  readonly apply: number;
}

export function stagesOf({ occurredAtMs, loggedAtMs, receivedAtMs, appliedAtMs }: RevocationTimes): LatencyStages {
  return {
    latency: (appliedAtMs - occurredAtMs) / 1000,
    publish: (loggedAtMs - occurredAtMs) / 1000,
    deliver: (receivedAtMs - loggedAtMs) / 1000,
    apply: (appliedAtMs - receivedAtMs) / 1000,
  };
}
