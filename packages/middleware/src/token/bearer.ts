/** Longest `Authorization` field with a token in it, in characters; longer ones are refused unread. */
export const maxAuthorizationLength = 8_192;

/** The part of a request that carries credentials. Node's `IncomingMessage` fits; so do plain objects. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>>;
  /** Names and values in turn, as received. */
  readonly rawHeaders?: readonly string[];
  /** What a proof of possession is about: the method, and path and query as received. */
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Where a framework has cut `url`: the whole of it. */
  readonly originalUrl?: string | undefined;
  /** Who is at the other end; a TLS socket also knows their certificate. */
  readonly socket?: { readonly remoteAddress?: string | undefined; getPeerCertificate?(): unknown } | undefined;
}

/** Why the credentials of a request are refused before any token is looked at. */
export type BearerRefusal = 'malformed_request' | 'multiple_tokens' | 'unsupported_scheme' | 'token_too_large';

/** `none` means no `Authorization` field at all: credentials that are there and wrong are never `none`. */
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
// RFC 6750 §2.1: b64token is these characters, then any number of `=`. Looked for is what does not belong: a pattern of
// the whole would note every character of a token to come back to.
const foreignToB64token = /[^A-Za-z0-9\-._~+/=]/;

/**
 * Reads the token of a request from its `Authorization` field, and from nowhere else.
 *
 * @returns the token unread and undecoded; `malformed_request` and `multiple_tokens` are 400, the others 401.
 * Never throws.
 * @see RFC 6750 §2.1, RFC 9110 §11.6.2, RFC 9449 §7.1 (the `DPoP` scheme)
 */
export function readBearer(request: RequestWithHeaders): BearerCredentials {
  const field = fieldOf(request, 'authorization');
  if (countFields(request, 'authorization') > 1) return refused('multiple_tokens');
  if (field === undefined) return none;

  // Spelt as everybody spells it, or as RFC 9110 allows.
  const scheme = field.startsWith('Bearer ') ? 'Bearer' : authScheme.exec(field)?.[0];
  if (scheme === undefined) return refused('malformed_request');
  const name = scheme.toLowerCase();
  if (name !== 'bearer' && name !== 'dpop') return refused('unsupported_scheme');
  if (field.length > maxAuthorizationLength) return refused('token_too_large');

  // RFC 9110 §11.4: one or more spaces. A tab is white space elsewhere in HTTP, but not here.
  let start = scheme.length;
  while (field.charCodeAt(start) === 0x20) start += 1;
  if (start === scheme.length) return refused('malformed_request');
  const token = field.slice(start);
  // Anything after it (another word, a comma) is not a bearer credential.
  if (!isB64token(token)) return refused('malformed_request');
  return { kind: 'token', scheme: name, token };
}

function isB64token(text: string): boolean {
  if (foreignToB64token.test(text)) return false;
  const padding = text.indexOf('=');
  return padding === -1 ? text !== '' : padding > 0 && /^=+$/.test(text.slice(padding));
}

/** The value of a field, in lower case: the first, where an object has several. */
export function fieldOf({ headers }: RequestWithHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/**
 * Counts the fields as they were received. Node keeps the first of several in `headers` and drops the rest in silence,
 * while a proxy before us may have judged the last: only a request with one means the same to both.
 */
export function countFields(request: RequestWithHeaders, name: string): number {
  const { rawHeaders } = request;
  if (rawHeaders !== undefined) {
    let count = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const received = rawHeaders[i];
      if (received?.length !== name.length) continue;
      if (received === name || received.toLowerCase() === name) count += 1;
    }
    return count;
  }
  // Not read before: Node makes these objects when they are first asked for, which costs more than the whole check.
  const values = request.headersDistinct?.[name] ?? request.headers[name];
  if (values === undefined) return 0;
  return typeof values === 'string' ? 1 : values.length;
}
