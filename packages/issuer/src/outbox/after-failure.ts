import { ConfigurationError, LogError, type Revocation } from '@revocast/denylist';
import { errorCodeOf } from '@revocast/denylist/replica';
import type { AttemptResult, OutboxRow } from './outbox-store.ts';

const firstRetryMs = 200;
const longestRetryMs = 30_000;
/** How long a revocation with too few copies is confirmed again, from the first attempt that found it so. */
const confirmForMs = 5 * 60_000;
/** The log refuses a cutoff that is further ahead of its clock. */
const mostAheadMs = 60_000;

interface Failure {
  readonly row: OutboxRow;
  readonly revocation?: Revocation;
  /** Between 0 and 1, so that processes do not try at the same time. */
  readonly random: number;
  /** Unix milliseconds by the clock of the log. */
  readonly logNowMs: number;
}

/** What becomes of a row after a failed attempt. */
export function afterFailure(error: unknown, { row, revocation, random, logNowMs }: Failure): AttemptResult {
  const retryInMs = retryAfter(row.attempts, random);
  if (error instanceof ConfigurationError) return { outcome: 'refused' };
  if (!(error instanceof LogError)) return { retryInMs, isLogged: false, error: errorCodeOf(error) ?? 'unexpected' };
  switch (error.code) {
    case 'not_durable':
      if (row.loggedAtMs !== undefined && row.nowMs - row.loggedAtMs > confirmForMs) return { outcome: 'not_durable' };
      return { retryInMs, isLogged: true, error: error.code };
    // The id is derived from the event and the value, so the log holds an earlier report of the same event.
    case 'id_conflict':
      return { outcome: 'logged' };
    case 'refused': {
      // A clock that is ahead: the log takes the cutoff as soon as its own clock is near enough.
      const issuedUpTo = revocation?.issuedUpTo ?? 0;
      if (issuedUpTo * 1000 > logNowMs + mostAheadMs)
        return { retryInMs, isLogged: false, error: 'clock_disagreement' };
      return { outcome: 'refused' };
    }
    default:
      return { retryInMs, isLogged: false, error: error.code };
  }
}

/** 0.2 s, doubled up to 30 s, with up to a quarter more. */
export function retryAfter(attempts: number, random: number): number {
  return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempts, 10)) * (1 + random / 4);
}
