import type { RevocationReason } from '@revocast/denylist';

/**
 * Why a family ended. `expired` and `store_lost` revoke no access token: in both, only the owner is known to hold one.
 */
export type EndReason = RevocationReason | 'expired' | 'store_lost';

/** All refresh tokens that come from one sign-in, as the store keeps them: one row that only moves forward. */
export interface Family {
  /** 16 random bytes. */
  readonly id: Uint8Array;
  /** The claim `grant_id` of every access token of this family. */
  readonly grant: string;
  readonly issuer: string;
  readonly client: string;
  readonly subject: string;
  /** The claim `sid`. */
  readonly session?: string;
  /** The key that every refresh must prove; without one, the tokens are bearer tokens. Set once, when the family opens. */
  readonly binding?: string;
  /** JSON of the application, for example the scope. Returned with every refresh. */
  readonly data?: unknown;
  /** The number of the token that is current. */
  readonly generation: number;
  /** SHA-256 of the secret of the current token. */
  readonly current: Uint8Array;
  /** SHA-256 of the secret of its parent; absent before the first rotation. */
  readonly previous?: Uint8Array;
  /** From which the current token was derived; absent before the first rotation. */
  readonly salt?: Uint8Array;
  /** The key from which the current token was derived. */
  readonly keyId: number;
  /** How often the parent was shown again since the last rotation. */
  readonly retries: number;
  /** How many generations in a row before this one were retried. */
  readonly retriedGenerations: number;
  readonly openedAtMs: number;
  readonly rotatedAtMs?: number;
  /** Until then the parent of a bearer family may be shown again. */
  readonly graceUntilMs?: number;
  /** Moves with each rotation. */
  readonly idleUntilMs: number;
  /** Never moves. */
  readonly absoluteUntilMs: number;
  /** When the newest access token expires. */
  readonly accessUntilMs: number;
  readonly ended?: FamilyEnd;
}

export interface FamilyEnd {
  readonly atMs: number;
  readonly reason: EndReason;
  /** Who ended it, for the audit trail. */
  readonly by?: string;
}
