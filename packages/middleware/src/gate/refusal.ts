import type { Random } from '@revocast/denylist/replica';
import type { DpopParts, Scheme } from '../binding/possession.ts';
import { isUnavailable, type Reason, specOf, TokenError, UnavailableError } from '../errors.ts';
import type { ResolvedOptions } from '../options/options.ts';

/** How this API answers. */
export interface AnswerStyle extends Pick<ResolvedOptions, 'realm' | 'exposeReason' | 'resourceMetadata'> {
  readonly random: Random;
  /** Undefined: the scheme `DPoP` is neither accepted nor offered. */
  readonly dpop: Pick<DpopParts, 'required' | 'algorithms' | 'nonces'> | undefined;
}

/** What the client has to bring next; from the arguments of a guard and from this API, never from the token. */
export interface Wanted {
  /** The scheme of the request; default `bearer`. */
  readonly scheme?: Scheme;
  readonly scopes?: readonly string[];
  readonly acr?: readonly string[];
  readonly maxAgeSeconds?: number;
  /** RFC 9449 §8.2: the nonce for the next proof of a client whose proof was accepted. */
  readonly dpopNonce?: string | undefined;
}

/** A request that does not pass, with the complete answer: status, headers and body are all that the client sees. */
export interface Refusal {
  readonly pass: false;
  readonly reason: Reason;
  /** The original error behind `internal_error`: for the error handler of the application, never for the client. */
  readonly cause?: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** The description in the body; with `exposeReason` also the reason. Absent in another version of this package. */
  readonly message?: string;
}

/** The only texts that are sent: nothing of a token, an exception or a URL reaches a header or a body. */
const descriptions = {
  invalid_request: 'The request does not carry exactly one well-formed access token',
  invalid_token: 'The access token is not valid here, or no longer',
  insufficient_scope: 'The access token does not allow this',
  insufficient_user_authentication: 'A stronger or more recent authentication of the user is needed',
  invalid_dpop_proof: 'The DPoP proof is missing or not valid',
  use_dpop_nonce: 'The DPoP proof must carry the nonce of this resource',
} as const;

/** The error names of RFC 6749 §4.1.2.1, in bodies only: no challenge may name them. */
const outages = {
  429: {
    error: 'temporarily_unavailable',
    error_description: 'Too many access tokens need this check: it is possible again after Retry-After',
  },
  503: { error: 'temporarily_unavailable', error_description: 'The access token could not be verified at the moment' },
  500: { error: 'server_error', error_description: 'The access token could not be verified' },
} as const;

/** The members of a body. */
interface Description {
  readonly error: string | undefined;
  readonly error_description: string;
}

/**
 * Refuses a request. No other function decides what a client sees.
 *
 * Each 4xx carries `WWW-Authenticate` (RFC 6750 §3; 400 and 403 too, as its examples do). A 503 carries `Retry-After`
 * of 1–5 seconds, random so that clients do not all return at once. A 429 carries one that covers the next possible check, and
 * up to 4 seconds more. Neither carries a challenge: a challenge makes clients discard good tokens.
 */
export function refuse(
  { reason, cause, retryAfterMs = 1000 }: Pick<Refusal, 'reason' | 'cause'> & { readonly retryAfterMs?: number },
  style: AnswerStyle,
  wanted: Wanted,
): Refusal {
  const { status, error } = specOf(reason);
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  const refusal = (described: Description): Refusal => {
    const { error_description: text } = described;
    const body = JSON.stringify({ ...described, reason: style.exposeReason ? reason : undefined });
    return {
      pass: false,
      reason,
      cause,
      status,
      headers,
      body,
      message: style.exposeReason ? `${text}: ${reason}` : text,
    };
  };
  if (status === 429 || status === 503) {
    headers['Retry-After'] = String(Math.ceil(retryAfterMs / 1000) + Math.floor(style.random() * 5));
  }
  // RFC 9449 §8: the answer to a missing or old nonce carries the current one.
  const nonce = reason === 'dpop_nonce' ? style.dpop?.nonces?.current() : wanted.dpopNonce;
  if (nonce !== undefined) headers['DPoP-Nonce'] = nonce;
  if (status === 429 || status === 500 || status === 503) return refusal(outages[status]);
  headers['WWW-Authenticate'] = challenge(reason, style, wanted);
  return refusal({
    error,
    error_description: error === undefined ? 'This needs an access token' : descriptions[error],
  });
}

/** One challenge for each accepted scheme (RFC 9110 §11.6.1). That of the scheme in use carries the error. */
function challenge(reason: Reason, style: AnswerStyle, wanted: Wanted): string {
  const { realm, resourceMetadata, dpop } = style;
  const { error } = specOf(reason);
  const parameters: readonly Parameter[] = [
    ['realm', realm],
    ['error', error],
    ['error_description', error && descriptions[error]],
    ['scope', wanted.scopes?.join(' ')],
    // RFC 9470 §3
    ['acr_values', wanted.acr?.join(' ')],
    ['max_age', wanted.maxAgeSeconds?.toString()],
    // RFC 9728 §5.1
    ['resource_metadata', resourceMetadata],
  ];
  if (dpop === undefined) return write('Bearer', parameters);
  // RFC 9449 §7.1
  const algs: Parameter = ['algs', dpop.algorithms.join(' ')];
  if (dpop.required) return write('DPoP', [...parameters, algs]);
  const offered: Parameter = ['realm', realm];
  return reason.startsWith('dpop_') || wanted.scheme === 'dpop'
    ? `${write('DPoP', [...parameters, algs])}, ${write('Bearer', [offered])}`
    : `${write('Bearer', parameters)}, ${write('DPoP', [offered, algs])}`;
}

type Parameter = readonly [name: string, value: string | undefined];

function write(scheme: string, parameters: readonly Parameter[]): string {
  const written = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]));
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`;
}

/** The headers of a refusal that is answered with its body. */
export function headersWithBody({ headers }: Refusal): Readonly<Record<string, string>> {
  return { ...headers, 'Content-Type': 'application/json; charset=utf-8' };
}

/** The refusal as an error, for applications that answer errors themselves. */
export function errorOf({ reason, headers, cause, message }: Refusal): TokenError | UnavailableError {
  const options = cause === undefined ? { message } : { message, cause };
  return isUnavailable(reason)
    ? new UnavailableError(reason, headers, options)
    : new TokenError(reason, headers, options);
}
