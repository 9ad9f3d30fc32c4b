import type { RequestWithHeaders } from '../token/bearer.ts';

/** What is read of a `Request` of the Fetch API. */
export interface FetchRequest {
  readonly headers: Iterable<readonly [string, string]>;
  readonly method: string;
  readonly url: string;
}

/**
 * Returns a `Request` of the Fetch API in the form of a request of Node: for `createGate`, guards and `authOf`.
 *
 * The Fetch API joins fields of one name by a comma. Two tokens are then one field with a comma, which is `malformed_request`
 * (400): neither of them is chosen. A `Request` has no connection: where a proxy sends client certificates, add the address of
 * the peer, `{ ...requestOf(request), socket: { remoteAddress } }`.
 */
export function requestOf(request: FetchRequest): RequestWithHeaders {
  const fields = [...request.headers];
  // Without a prototype: a field may be named `__proto__`.
  const headers: Record<string, string> = Object.assign(Object.create(null), Object.fromEntries(fields));
  return { headers, rawHeaders: fields.flat(), method: request.method, url: targetOf(request.url) };
}

/** Path and query, as a request line has them (RFC 9112 §3.2.1). The URL of a `Request` is absolute. */
function targetOf(url: string): string {
  const afterScheme = url.indexOf('://') + 3;
  const path = url.slice(afterScheme).search(/[/?#]/);
  return path === -1 ? '/' : (url.slice(afterScheme + path).split('#', 1)[0] ?? '/');
}
