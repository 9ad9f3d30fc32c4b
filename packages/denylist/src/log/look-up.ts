import type { DigestSet } from '../rules/digest.ts';
import type { Dimension } from '../rules/revocation.ts';

/** What can be said of a token's revocation. `unknown` is a value of its own and must be handled. */
export type Verdict =
  | {
      readonly verdict: 'active';
      /**
       * The log began empty then, in log seconds: whether a token issued before was revoked may be forgotten. Absent
       * when nothing is.
       */
      readonly restartedAtSeconds?: number;
    }
  | { readonly verdict: 'revoked'; readonly dimension: Dimension }
  | { readonly verdict: 'unknown'; readonly cause: UnknownCause };

/** Why nobody could tell. Closed: it is shown in status and logs. */
export const unknownCauses = [
  'cold',
  'stale',
  'capacity',
  'healing',
  'no_lookup',
  'lookup_timeout',
  'lookup_busy',
  'lookup_failed',
  'log_stale',
] as const;
export type UnknownCause = (typeof unknownCauses)[number];

export const active: Verdict = Object.freeze({ verdict: 'active' });

export function activeSinceRestart(restartedAtSeconds: number): Verdict {
  return Object.freeze({ verdict: 'active', restartedAtSeconds });
}

/**
 * Asks the log itself, for the requests of a process that cannot prove its denylist fresh. Bounded in time and number,
 * because it is used exactly when something is wrong.
 */
export interface LookUp {
  /** Never throws, never guesses. `issuedAt`: `iat` in seconds. */
  find(digests: DigestSet, issuedAt: number): Promise<Verdict>;
  close(): Promise<void>;
}
