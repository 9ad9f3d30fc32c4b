import { brandError } from '@revocast/denylist/replica';

export { ConfigurationError } from '@revocast/denylist/replica';

/** What a reason means in HTTP. A status of 429, 500 or 503 says nothing about the token. */
export interface ReasonSpec {
  readonly status: 400 | 401 | 403 | 429 | 500 | 503;
  /** The `error` of the challenge (RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3); absent: the challenge has none. */
  readonly error?: ChallengeError;
}

/** Every `error` that a challenge can have. */
export type ChallengeError =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

// RFC 6750 §3: a request without authentication information gets no error code.
const unauthenticated = { status: 401 } as const;
// RFC 6750 §3.1
const invalidRequest = { status: 400, error: 'invalid_request' } as const;
const invalidToken = { status: 401, error: 'invalid_token' } as const;
const insufficientScope = { status: 403, error: 'insufficient_scope' } as const;
// RFC 9470 §3
const stepUp = { status: 401, error: 'insufficient_user_authentication' } as const;
// RFC 9449 §7.1 and §9
const invalidProof = { status: 401, error: 'invalid_dpop_proof' } as const;
const useNonce = { status: 401, error: 'use_dpop_nonce' } as const;
// RFC 6585 §4: not our outage, so that tokens of strangers cause no 5xx; and no statement about this token.
const throttled = { status: 429 } as const;
const unavailable = { status: 503 } as const;
const internal = { status: 500 } as const;

/**
 * Every reason, with what it means in HTTP. A closed list: reasons are metric labels, log fields and error codes. A
 * retired code is never used again. docs/errors.md says what each reason means and how to fix it.
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
  unknown_kid_throttled: throttled,
  unknown_issuer_throttled: throttled,
  signature_throttled: throttled,
  dpop_throttled: throttled,
  jwks_unavailable: unavailable,
  denylist_unavailable: unavailable,
  internal_error: internal,
} as const satisfies Record<string, ReasonSpec>;

/** Why a request was not accepted. */
export type Reason = keyof typeof reasonTable;

/** Reasons that say nothing about the token: a check was not possible. */
export type UnavailableReason =
  | 'unknown_kid_throttled'
  | 'unknown_issuer_throttled'
  | 'signature_throttled'
  | 'dpop_throttled'
  | 'jwks_unavailable'
  | 'denylist_unavailable'
  | 'internal_error';

/** Reasons to refuse the request of the caller. */
export type RejectionReason = Exclude<Reason, UnavailableReason>;

/** Every reason, in the order of the documentation. */
export const reasons = Object.keys(reasonTable) as readonly Reason[];

export function specOf(reason: Reason): ReasonSpec {
  return reasonTable[reason];
}

export function isUnavailable(reason: Reason): reason is UnavailableReason {
  const { status } = specOf(reason);
  return status === 429 || status >= 500;
}

export interface AnswerableErrorOptions extends ErrorOptions {
  /** Default: a text without the reason. */
  readonly message?: string | undefined;
}

/**
 * Has all that an error handler needs to answer. The default handler of Express reads `status` and `headers` too. The reason is
 * the `code`, and never part of the message unless the option `exposeReason` is set: Socket.IO, tRPC and GraphQL send the message
 * of an error to the client.
 */
abstract class AnswerableError<Code extends Reason> extends Error {
  readonly code: Code;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code, headers: Readonly<Record<string, string>> = {}, options: AnswerableErrorOptions = {}) {
    const { message = `access token ${isUnavailable(code) ? 'could not be verified' : 'not accepted'}`, ...others } =
      options;
    super(message, others);
    this.code = code;
    this.status = specOf(code).status;
    this.headers = headers;
  }
}

/** The token of the caller was not accepted. Has the reason and the answer; nothing of the token. */
export class TokenError extends AnswerableError<RejectionReason> {
  override readonly name = 'TokenError';
}
brandError(TokenError, 'TokenError');

/** The token could not be checked, and may be good: a dependency did not answer, or a budget is spent (429). `cause` is the original error, if there is one. */
export class UnavailableError extends AnswerableError<UnavailableReason> {
  override readonly name = 'UnavailableError';
}
brandError(UnavailableError, 'UnavailableError');
