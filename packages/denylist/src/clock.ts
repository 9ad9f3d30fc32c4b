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
  readonly bootId?: string | undefined;
  /**
   * Milliseconds, 0–500, by which {@link pauseTogether} of this process is shifted, so that the processes of a host do not all
   * wake at the same moment. Default 0.
   */
  readonly phaseMs?: number | undefined;
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

/** Pauses end at multiples of this. */
const togetherMs = 500;

/**
 * A pause for work that is repeated without haste. All of them end at the same moments of a process, because a wake-up of an idle
 * process costs more than what it then does.
 *
 * @param ms a multiple of 500. The first pause is up to 250 ms shorter or longer; those that follow have this length.
 */
export function pauseTogether(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  const nowMs = clock.monotonicMs();
  const { phaseMs = 0 } = clock;
  const endsAtMs = Math.round((nowMs + ms - phaseMs) / togetherMs) * togetherMs + phaseMs;
  return clock.sleep(Math.ceil(endsAtMs - nowMs), signal);
}

/** The wall clock, with the host that it belongs to. */
export function readClock(clock: Clock): ClockReading {
  return { wallMs: clock.wallMs(), bootId: clock.bootId ?? '' };
}

/** A number in [0, 1), for jitter. */
export type Random = () => number;
