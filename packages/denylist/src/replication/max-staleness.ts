import { checkWholeNumber } from '../option-bounds.ts';

/** Milliseconds: the default maximum age of a proof. */
export const defaultMaxStalenessMs = 5000;

/**
 * The smallest value that may be configured. The proof of an idle log is about a second old when it arrives (`beatMs`
 * and `blockMs`), and one late heartbeat makes it older: below this a healthy replica would become stale between two.
 */
export const leastMaxStalenessMs = 2000;

/** The largest value that may be configured: during a partition, a revoked token is accepted for up to this long. */
export const mostMaxStalenessMs = 60_000;

/** @throws ConfigurationError unless `value` is a whole number within the bounds. */
export function checkMaxStaleness(value: number): number {
  return checkWholeNumber('maxStalenessMs', value, {
    least: leastMaxStalenessMs,
    most: mostMaxStalenessMs,
    unit: 'ms',
  });
}
