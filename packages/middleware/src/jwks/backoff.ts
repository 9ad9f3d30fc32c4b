import type { Random } from '@revocast/denylist/replica';

/** Bounds of the pause after failures, ms. */
export interface BackoffBounds {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Returns the pause after a number of failures in a row: anywhere between nothing and a ceiling that doubles with each
 * failure. The whole range is random, so that processes which failed together do not come back together.
 *
 * @param failures 1 or more.
 * @returns milliseconds in [0, min(capMs, baseMs · 2^(failures − 1))).
 */
export function backoffMs(failures: number, { baseMs, capMs }: BackoffBounds, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
}
