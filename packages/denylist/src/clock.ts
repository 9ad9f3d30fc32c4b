import type { ClockReading } from './rules/agreed-now.ts';

/**
 * The time. Only the composition roots use the system clock; all other code receives this as an argument.
 *
 * Intervals (freshness, back-off) are measured on the monotonic clock, which a change of the wall clock does not move.
 * Only comparisons with claims (`exp`, `iat`) use the wall clock.
 */
export interface Clock {
  /**
   * Names this boot of this host: processes with the same one have the same clocks. Empty or absent where there is no such
   * name (other than Linux).
   */
  readonly bootId?: string;
  /** Milliseconds of this host's monotonic clock; comparable between processes of one boot of one host. */
  monotonicMs(): number;
  /** Milliseconds since 1970, by this host's wall clock. */
  wallMs(): number;
  /**
   * Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects.
   *
   * @param keepAlive whether the process stays alive until then: true when a caller awaits a result, false (the default)
   *        for background work.
   */
  sleep(ms: number, signal?: AbortSignal, keepAlive?: boolean): Promise<void>;
}

/** The wall clock, with the host that it belongs to. */
export function readClock(clock: Clock): ClockReading {
  return { wallMs: clock.wallMs(), bootId: clock.bootId ?? '' };
}

/** A number in [0, 1), for jitter. */
export type Random = () => number;
