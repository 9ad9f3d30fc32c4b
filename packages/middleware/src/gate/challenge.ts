import type { Random } from '@revocast/denylist/replica';
import { type Reason, specOf } from '../errors.ts';

/** How this API answers; from the options. */
export interface AnswerStyle {
  /** `realm` of every challenge (RFC 9110 §11.5); absent: none is sent. */
  readonly realm: string | undefined;
  /** Adds the reason to the body. */
  readonly exposeReason: boolean;
  /** URL of the RFC 9728 document; absent: none is named. */
  readonly resourceMetadata: string | undefined;
  readonly random: Random;
  /** Undefined: the scheme `DPoP` is not taken, and not offered. */
  readonly dpop:
    | {
        readonly required: boolean;
        readonly algorithms: readonly string[];
        readonly nonce: () => string | undefined;
      }
    | undefined;
}

/** What a guard wanted; from its own arguments, never from the token. */
export interface Wanted {
  /** How the token was shown; default `bearer`. */
  readonly scheme?: 'bearer' | 'dpop';
  readonly scopes?: readonly string[];
  readonly acr?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** All that the client gets to see. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string | undefined>>;
}

/** The only texts there are: nothing of a token, an exception or a URL ever reaches a header or a body. */
const descriptions = {
  invalid_request: 'The request does not carry exactly one well-formed access token',
  invalid_token: 'The access token is not valid here, or no longer',
  insufficient_scope: 'The access token does not allow this',
  insufficient_user_authentication: 'A stronger or more recent authentication of the user is needed',
  invalid_dpop_proof: 'The DPoP proof is missing or not valid',
  use_dpop_nonce: 'The DPoP proof must carry the nonce of this resource',
} as const;

/** RFC 6749 §4.1.2.1 has names for these two; as challenges they do not exist. */
const outages = {
  503: { error: 'temporarily_unavailable', error_description: 'The access token could not be verified at the moment' },
  500: { error: 'server_error', error_description: 'The access token could not be verified' },
} as const;

/**
 * Says what a client is told for a reason. The one place that decides it.
 *
 * 4xx carry `WWW-Authenticate` (RFC 6750 §3; 400 and 403 too, as its examples do). 503 carries `Retry-After` of 1–5
 * seconds, jittered so that clients do not come back together, and never a challenge: a challenge makes clients throw
 * good tokens away.
 */
export function answerTo(reason: Reason, style: AnswerStyle, wanted: Wanted = {}): Answer {
  const { family, status, error } = specOf(reason);
  const exposed = style.exposeReason ? reason : undefined;
  // RFC 9449 §8: whoever lacks a nonce is told one.
  const nonce = reason === 'dpop_nonce' ? style.dpop?.nonce() : undefined;
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  if (nonce !== undefined) headers['DPoP-Nonce'] = nonce;
  if (family === 'unavailable') {
    const outage = status === 503 ? outages[503] : outages[500];
    if (status === 503) headers['Retry-After'] = String(1 + Math.floor(style.random() * 5));
    return { status, headers, body: { ...outage, reason: exposed } };
  }
  headers['WWW-Authenticate'] = challenge(reason, style, wanted);
  const description = error === undefined ? 'This needs an access token' : descriptions[error];
  return { status, headers, body: { error, error_description: description, reason: exposed } };
}

/** One challenge for each scheme that is taken (RFC 9110 §11.6.1); the error stands in that of the scheme used. */
function challenge(reason: Reason, style: AnswerStyle, wanted: Wanted): string {
  const { realm, resourceMetadata, dpop } = style;
  const { error } = specOf(reason);
  const used = reason.startsWith('dpop_') || wanted.scheme === 'dpop';
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
  // RFC 9449 §7.1
  const algs: Parameter = ['algs', dpop?.algorithms.join(' ')];
  const offered: readonly Parameter[] = [['realm', realm]];
  if (dpop === undefined) return write('Bearer', parameters);
  if (dpop.required) return write('DPoP', [...parameters, algs]);
  return used
    ? `${write('DPoP', [...parameters, algs])}, ${write('Bearer', offered)}`
    : `${write('Bearer', parameters)}, ${write('DPoP', [...offered, algs])}`;
}

type Parameter = readonly [name: string, value: string | undefined];

function write(scheme: string, parameters: readonly Parameter[]): string {
  const written = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]));
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`;
}
