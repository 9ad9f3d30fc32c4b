export { ConfigurationError } from '@revocast/denylist/replica';

/** Whose fault it is: the caller's token (4xx), or ours (5xx). */
export type ReasonFamily = 'token' | 'unavailable';

/** What a reason means on the wire. */
export interface ReasonSpec {
  readonly family: ReasonFamily;
  readonly status: 400 | 401 | 403 | 500 | 503;
  /** The `error` of the challenge (RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3); absent: the challenge names none. */
  readonly error?: ChallengeError;
}

/** Errors that a challenge may name. */
export type ChallengeError =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

// RFC 6750 §3: a request without authentication information gets no error code.
const unauthenticated = { family: 'token', status: 401 } as const;
// RFC 6750 §3.1
const invalidRequest = { family: 'token', status: 400, error: 'invalid_request' } as const;
const invalidToken = { family: 'token', status: 401, error: 'invalid_token' } as const;
const insufficientScope = { family: 'token', status: 403, error: 'insufficient_scope' } as const;
// RFC 9470 §3
const stepUp = { family: 'token', status: 401, error: 'insufficient_user_authentication' } as const;
// RFC 9449 §7.1 and §9
const invalidProof = { family: 'token', status: 401, error: 'invalid_dpop_proof' } as const;
const useNonce = { family: 'token', status: 401, error: 'use_dpop_nonce' } as const;
const unavailable = { family: 'unavailable', status: 503 } as const;
const internal = { family: 'unavailable', status: 500 } as const;

/**
 * Every reason there is, with what it means on the wire. Closed: reasons are metric labels, log fields and error codes.
 * A code that is retired is never used again. docs/errors.md says what each means and how to mend it.
 */
export const reasonTable = {
  missing_token: unauthenticated,
  unsupported_scheme: unauthenticated,
  malformed_request: invalidRequest,
  multiple_tokens: invalidRequest,
  malformed_token: invalidToken,
  token_too_large: invalidToken,
  wrong_typ: invalidToken,
  alg_not_allowed: invalidToken,
  unsupported_crit: invalidToken,
  unknown_kid: invalidToken,
  missing_kid: invalidToken,
  key_not_usable: invalidToken,
  bad_signature: invalidToken,
  untrusted_issuer: invalidToken,
  wrong_audience: invalidToken,
  expired: invalidToken,
  not_yet_valid: invalidToken,
  too_old: invalidToken,
  too_long_lived: invalidToken,
  missing_claim: invalidToken,
  invalid_claim: invalidToken,
  revoked_token: invalidToken,
  revoked_session: invalidToken,
  revoked_grant: invalidToken,
  revoked_subject: invalidToken,
  revoked_client: invalidToken,
  revoked_subject_client: invalidToken,
  revoked_tenant: invalidToken,
  revoked_key: invalidToken,
  revoked_issuer: invalidToken,
  binding_mismatch: invalidToken,
  dpop_invalid: invalidProof,
  dpop_replay: invalidProof,
  dpop_nonce: useNonce,
  step_up_required: stepUp,
  insufficient_scope: insufficientScope,
  jwks_unavailable: unavailable,
  denylist_unavailable: unavailable,
  internal_error: internal,
} as const satisfies Record<string, ReasonSpec>;

/** Why a request was not accepted. */
export type Reason = keyof typeof reasonTable;

/** Ours: says nothing about the token. */
export type UnavailableReason = 'jwks_unavailable' | 'denylist_unavailable' | 'internal_error';

/** The caller's. */
export type RejectionReason = Exclude<Reason, UnavailableReason>;

/** Every reason, in the order of the documentation. */
export const reasons = Object.keys(reasonTable) as readonly Reason[];

export function specOf(reason: Reason): ReasonSpec {
  return reasonTable[reason];
}

/** What an error handler needs to answer; Express's own handler reads these very members. */
interface AnswerableError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The caller's token was not accepted. Carries the reason and the exact answer, and nothing of the token. */
export class TokenError extends Error implements AnswerableError {
  override readonly name = 'TokenError';
  readonly code: RejectionReason;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RejectionReason, headers: Readonly<Record<string, string>> = {}) {
    super(`access token not accepted: ${code}`);
    this.code = code;
    this.status = specOf(code).status;
    this.headers = headers;
  }
}

/** A dependency of ours did not answer: nobody is logged out for it. `cause` is the original error, if there is one. */
export class UnavailableError extends Error implements AnswerableError {
  override readonly name = 'UnavailableError';
  readonly code: UnavailableReason;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: UnavailableReason, headers: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(`access token could not be verified: ${code}`, options);
    this.code = code;
    this.status = specOf(code).status;
    this.headers = headers;
  }
}
