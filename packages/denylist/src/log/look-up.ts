import type { DigestSet } from '../rules/digest.ts';
import type { Dimension } from '../rules/revocation.ts';

/** What is known about the revocation of a token. `unknown` is a value of its own, which every caller must handle. */
export type Verdict =
  | ActiveVerdict
  | { readonly verdict: 'revoked'; readonly dimension: Dimension }
  | { readonly verdict: 'unknown'; readonly cause: UnknownCause };

export interface ActiveVerdict {
  readonly verdict: 'active';
  /**
   * Log seconds at which the log began empty: a revocation of a token issued before may be lost. Absent when none can be.
   */
  readonly restartedAtSeconds?: number;
}

/** Why the revocation of a token is unknown. Closed: it appears in status and logs. */
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

export const active: ActiveVerdict = Object.freeze({ verdict: 'active' });

export function activeSince(restartedAtSeconds: number | undefined): ActiveVerdict {
  return restartedAtSeconds === undefined ? active : Object.freeze({ verdict: 'active', restartedAtSeconds });
}

/**
 * Queries the log itself, for the requests of a process that cannot prove its denylist fresh. Bounded in time and
 * number: it is used exactly when a part of the system has failed.
 */
export interface LookUp {
  /** Never rejects; `unknown` when there is no answer. `issuedAt`: `iat` in seconds. */
  find(digests: DigestSet, issuedAt: number): Promise<Verdict>;
  close(): Promise<void>;
}
