import type { Change } from '../rules/event.ts';

/** The way of one revocation to this process, in milliseconds of the log's clock, in the order in which it must be. */
export interface RevocationTimes {
  /** At the identity provider, where that is known; else when it was asked for. */
  readonly occurredAtMs: number;
  readonly loggedAtMs: number;
  /** By the first process on this host. */
  readonly receivedAtMs: number;
  /** Look-ups in this process see it from here on. */
  readonly appliedAtMs: number;
  /** Clocks differ: at least one time was out of order, and was moved to the one before or after it. */
  readonly corrected: boolean;
}

/**
 * When things happened to an applied revocation.
 *
 * The log's own stamp is the fixed point: nothing is asked for after it was logged, and nothing arrives before. So the
 * stages add up to the latency whatever the clocks did.
 *
 * @param appliedAtMs log clock; undefined while that is not known.
 * @returns undefined for what carries no time (learnt from a snapshot, or given back after a loss) and for lifts.
 */
export function timesOf(change: Change, appliedAtMs: number | undefined): RevocationTimes | undefined {
  const { details, loggedAtMs } = change;
  if (details?.kind !== 'revoke' || loggedAtMs === undefined || appliedAtMs === undefined) return undefined;
  const occurred = details.occurredAtMs ?? details.requestedAtMs ?? loggedAtMs;
  const received = change.receivedAtMs ?? appliedAtMs;
  const occurredAtMs = Math.min(occurred, loggedAtMs);
  const arrivedAtMs = Math.max(appliedAtMs, loggedAtMs);
  const receivedAtMs = Math.min(Math.max(received, loggedAtMs), arrivedAtMs);
  const corrected = occurredAtMs !== occurred || arrivedAtMs !== appliedAtMs || receivedAtMs !== received;
  return { occurredAtMs, loggedAtMs, receivedAtMs, appliedAtMs: arrivedAtMs, corrected };
}

/** Seconds. The stages add up to the latency. */
export interface LatencyStages {
  readonly latency: number;
  /** Until the log had it. */
  readonly publish: number;
  /** Until this host had it. */
  readonly deliver: number;
  /** Until look-ups here saw it. */
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
