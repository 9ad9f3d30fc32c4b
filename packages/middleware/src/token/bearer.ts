import { defaultMaxTokenBytes } from './compact.ts';
import { countFields, fieldOf, type RequestFields } from './fields.ts';

/**
 * The part of a request of Node that is read. `undefined` is spelled out for callers that compile with
 * `exactOptionalPropertyTypes`, because Node's type allows it.
 */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>>;
  /** Names and values alternate, as received. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** For proofs of possession. */
  readonly method?: string | undefined;
  /** Path and query as received, for proofs of possession. */
  readonly url?: string | undefined;
  /** The complete `url`, where a framework has removed a prefix. */
  readonly originalUrl?: string | undefined;
  /** The connection of the peer; a TLS socket also has its certificate. */
  readonly socket?:
    | { readonly remoteAddress?: string | undefined; readonly getPeerCertificate?: (() => unknown) | undefined }
    | undefined;
}

/** A request of Node, a `Request` of the Fetch API, an event of API Gateway, or a plain object with `headers`. */
export interface AnyRequest extends Omit<RequestWithHeaders, keyof RequestFields>, RequestFields {}

/** Why the credentials of a request are rejected before the token is read. */
export type BearerRefusal = 'malformed_request' | 'multiple_tokens' | 'unsupported_scheme' | 'token_too_large';

/** `none` means that there is no `Authorization` field. Invalid credentials are never `none`. */
export type BearerCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly scheme: 'bearer' | 'dpop'; readonly token: string }
  | { readonly kind: 'refused'; readonly reason: BearerRefusal };

const none: BearerCredentials = { kind: 'none' };

function refused(reason: BearerRefusal): BearerCredentials {
  return { kind: 'refused', reason };
}

// RFC 9110 §11.1: auth-scheme is a token (§5.6.2), matched without regard to case.
const authScheme = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;
// RFC 6750 §2.1: b64token is these characters, then any number of `=`. The pattern matches any other character: a pattern
// for the whole would keep backtracking state for each character of a token.
const foreignToB64token = /[^A-Za-z0-9\-._~+/=]/;

/**
 * Reads the token of a request from its `Authorization` field only.
 *
 * @param maxTokenBytes a longer token is rejected unread.
 * @returns the token, not decoded; or the reason of the rejection: `malformed_request` and `multiple_tokens` are 400, the
 * others 401. Never throws.
 * @see RFC 6750 §2.1, RFC 9110 §11.6.2, RFC 9449 §7.1 (the `DPoP` scheme)
 */
export function readBearer(request: AnyRequest, maxTokenBytes = defaultMaxTokenBytes): BearerCredentials {
  const field = fieldOf(request, 'authorization');
  if (countFields(request, 'authorization') > 1) return refused('multiple_tokens');
  if (field === undefined) return none;

  // The common spelling first, then those that RFC 9110 allows.
  const scheme = field.startsWith('Bearer ') ? 'Bearer' : authScheme.exec(field)?.[0];
  if (scheme === undefined) return refused('malformed_request');
  const name = scheme.toLowerCase();
  if (name !== 'bearer' && name !== 'dpop') return refused('unsupported_scheme');
  // RFC 9110 §11.4: one or more spaces. A tab is not allowed here.
  let start = scheme.length;
  while (field.charCodeAt(start) === 0x20) start += 1;
  if (start === scheme.length) return refused('malformed_request');
  // Every character of a token is one byte.
  if (field.length - start > maxTokenBytes) return refused('token_too_large');
  const token = field.slice(start);
  // With another word or a comma after it, it is not a bearer credential.
  if (!isB64token(token)) return refused('malformed_request');
  return { kind: 'token', scheme: name, token };
}

function isB64token(text: string): boolean {
  if (foreignToB64token.test(text)) return false;
  const padding = text.indexOf('=');
  return padding === -1 ? text !== '' : padding > 0 && /^=+$/.test(text.slice(padding));
}
