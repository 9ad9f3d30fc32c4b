import type { EndOutcome, RefuseOutcome } from './state-machine.ts';

/** Why a refresh gives no token. The list is closed, because it is a metric label. */
export const refusedOutcomes = [
  'unknown',
  'expired',
  'ended',
  'replayed',
  'late_retry',
  'wrong_key',
  'client_mismatch',
  'store_lost',
  'throttled',
  'key_missing',
  'store_unavailable',
] as const satisfies readonly (RefuseOutcome | EndOutcome | 'unknown' | 'key_missing' | 'store_unavailable')[];
export type RefusedOutcome = (typeof refusedOutcomes)[number];

/** A refresh that gives no token. The client keeps its token unless the status is 400. */
export interface Refused {
  readonly ok: false;
  /**
   * - `unknown`: no token of this server, or a family that was deleted
   * - `expired`: the idle or the absolute lifetime is over
   * - `ended`: a logout, a new password, an administrator, or a reuse that was found before
   * - `replayed`: a token that was spent at least two generations ago: theft. The family has ended.
   * - `late_retry`: the parent of the current token, after the grace. The family has ended, unless the option says otherwise.
   * - `wrong_key`, `client_mismatch`: another key or client than that of the family. Nothing has ended.
   * - `store_lost`: the store lost a write; never theft. The family has ended.
   * - `throttled`: the same spent token for the 21st time
   * - `key_missing`: this process does not have the key from which the child was derived: a key was promoted too early
   * - `store_unavailable`: the store did not answer
   */
  readonly outcome: RefusedOutcome;
  readonly status: 400 | 429 | 503;
  /** The member `error` of the answer (RFC 6749 §5.2). It is the same for every refused token. */
  readonly error: 'invalid_grant' | 'slow_down' | 'temporarily_unavailable';
  /** Seconds after which the client may try again, for `Retry-After`; with the status 429 and 503. */
  readonly retryAfterSeconds?: number | undefined;
}

export function refuse(outcome: RefusedOutcome): Refused {
  switch (outcome) {
    case 'throttled':
      return { ok: false, outcome, status: 429, error: 'slow_down', retryAfterSeconds: 60 };
    case 'key_missing':
    case 'store_unavailable':
      return { ok: false, outcome, status: 503, error: 'temporarily_unavailable', retryAfterSeconds: 1 };
    default:
      return { ok: false, outcome, status: 400, error: 'invalid_grant' };
  }
}
