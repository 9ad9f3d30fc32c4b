import type { Dimension } from '@revocast/denylist/replica';

/** A digest under which a token can be denied: 32 hex digits. */
export interface NamedDigest {
  readonly dimension: Dimension;
  readonly digest: string;
}

export interface Question {
  /** In the order in which a verifier looks. */
  readonly names: readonly NamedDigest[];
  /** Claim seconds. `Infinity`: only what denies every token counts, and no cutoff. */
  readonly issuedAt: number;
}

/** The last statement about a value, as far as it is kept. */
export interface Stated {
  readonly kind: string;
  readonly loggedAtMs: number;
  readonly reason?: string;
  readonly actor?: string;
}

/** What a sidecar or a log says about the revocation of a token. Unknown is a value of its own. */
export type RevocationAnswer =
  | { readonly state: 'not_revoked' }
  | { readonly state: 'revoked'; readonly dimension: Dimension; readonly stated?: Stated }
  /** The log began empty after the token was issued, so a revocation of it may be lost. */
  | { readonly state: 'too_old'; readonly restartedAtSeconds: number }
  | { readonly state: 'unknown'; readonly why: string; readonly fix: string };
