import { ConfigurationError } from '../configuration-error.ts';

/** How old a proof may be, in milliseconds, unless configured. */
export const defaultMaxStalenessMs = 5000;

/**
 * The shortest that may be configured. The proof of an idle log is about a second old when it arrives (`beatMs` and
 * `blockMs`), and one late beat makes it older: below this a healthy replica would go stale between two of them.
 */
export const leastMaxStalenessMs = 2000;

/** The longest that may be configured: it is how long a revoked token may live on behind a cut. */
export const mostMaxStalenessMs = 60_000;

/** @throws ConfigurationError unless `value` is a whole number within the bounds. */
export function checkMaxStaleness(value: number): number {
  if (Number.isInteger(value) && value >= leastMaxStalenessMs && value <= mostMaxStalenessMs) return value;
  throw new ConfigurationError(
    'maxStalenessMs',
    `expected a whole number of ms from ${leastMaxStalenessMs} to ${mostMaxStalenessMs}, found ${value}`,
  );
}
