import { type RejectionReason, specOf, type UnavailableReason } from './errors.ts';

/** Claims of a verified token, as received and frozen. Times are seconds, as in the token. */
export type AccessTokenClaims = Readonly<Record<string, unknown>>;

/** What a route reads of a verified token: `req.auth`. Frozen, and shared by all requests with the same token. */
export interface Auth<Claims = AccessTokenClaims> {
  readonly issuer: string;
  /** The claim that the claim map calls subject; the value that `revoke({ issuer, subject })` takes. */
  readonly subject: string;
  /** Undefined only with profiles that do not require it. */
  readonly clientId: string | undefined;
  /** The token id, or for a token without one the SHA-256 of its signing input (base64url). */
  readonly tokenId: string;
  readonly scopes: readonly string[];
  /** Seconds. */
  readonly issuedAt: number;
  /** Seconds. */
  readonly expiresAt: number;
  readonly claims: Claims;
  /** `unknown`: revocation is switched off, or could not be checked under `whenUnknown: 'accept'`. */
  readonly revocation: 'active' | 'unknown';
}

/** What to do with a token when it is unknown whether it is revoked. */
export type WhenUnknown = 'unavailable' | 'accept';

interface Observed {
  /** The configured alias of the issuer; `unknown` when the token names no trusted issuer. */
  readonly issuerAlias: string;
  /** Whether signature and claims were verified by an earlier request. */
  readonly cached: boolean;
  /** Present when the request used the scheme `DPoP`. Send `nonce` back as `DPoP-Nonce`. */
  readonly dpop?: { readonly nonce?: string };
}

export interface Accepted extends Observed {
  readonly outcome: 'accepted';
  readonly auth: Auth;
}

export interface Rejected extends Observed {
  readonly outcome: 'rejected';
  readonly reason: RejectionReason;
}

export interface Unavailable extends Observed {
  readonly outcome: 'unavailable';
  readonly reason: UnavailableReason;
  /** Present where the answer is 429, a budget that is spent, and not 503: after this time the check is possible again. */
  readonly retryAfterMs?: number;
  /** The original error behind `internal_error`: for your error handler, never for the client. */
  readonly cause?: unknown;
}

/** Never a boolean: an outage (`unavailable`) is neither a good token nor a bad one. */
export type Decision = Accepted | Rejected | Unavailable;

/** For a budget that refills at every moment. */
const leastRetryAfterMs = 1000;

interface Alias {
  readonly alias: string;
}

export function rejected(reason: RejectionReason, issuer?: Alias, cached = false): Rejected {
  return { outcome: 'rejected', reason, issuerAlias: issuer?.alias ?? 'unknown', cached };
}

export function unavailable(reason: UnavailableReason, issuer: Alias, cached = false): Unavailable {
  const retryAfterMs = specOf(reason).status === 429 ? leastRetryAfterMs : undefined;
  return { outcome: 'unavailable', reason, issuerAlias: issuer.alias, cached, retryAfterMs };
}

/** The decision after a failure that no check has foreseen: it is not the fault of the token. */
export function internalError(cause: unknown): Unavailable {
  return { outcome: 'unavailable', reason: 'internal_error', issuerAlias: 'unknown', cached: false, cause };
}
