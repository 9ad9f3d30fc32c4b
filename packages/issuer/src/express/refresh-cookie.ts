import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError } from '@revocast/denylist';
import type { Opened } from '../families/families.ts';

/** Pass the same options wherever the cookie is set, read and cleared. */
export interface RefreshCookieOptions {
  /** The name after the prefix, 1–64 letters, digits, `_` and `-`. Default `refresh`. */
  readonly name?: string | undefined;
  /**
   * Default `/`: the prefix is `__Host-Http-`, and no other host or script can set the cookie. With the path of the refresh
   * endpoint the browser sends it there only, but the prefix is `__Secure-`: a sibling domain can set one too.
   */
  readonly path?: string | undefined;
  /** Default `Strict`. `Lax` is needed when a link from another site must find the user signed in at once. */
  readonly sameSite?: 'Strict' | 'Lax' | undefined;
}

/** More than a browser stores. */
const longestHeader = 65_536;

/**
 * Puts the refresh token of an answer into a cookie that no script can read, and forbids caches to keep the answer (RFC 6749
 * §5.1). Call it before the body is sent.
 *
 * @throws ConfigurationError
 */
export function setRefreshCookie(
  response: ServerResponse,
  opened: Pick<Opened, 'refreshToken' | 'expiresAtMs' | 'claims'>,
  options: RefreshCookieOptions = {},
): void {
  const { refreshToken, expiresAtMs, claims } = opened;
  // `iat` is now, by the clock that also stated the expiry.
  const maxAge = Math.max(0, Math.floor(expiresAtMs / 1000) - claims.iat);
  appendCookie(response, `${refreshToken}; Max-Age=${maxAge}`, options);
}

/** Removes the cookie: at a logout only. A refused refresh must not, because it may be the slower of two. */
export function clearRefreshCookie(response: ServerResponse, options: RefreshCookieOptions = {}): void {
  appendCookie(response, '; Max-Age=0', options);
}

/**
 * @returns the refresh token; undefined without a cookie, or with two different ones: then a sibling domain has set one of
 * them.
 */
export function readRefreshCookie(request: IncomingMessage, options: RefreshCookieOptions = {}): string | undefined {
  const { name } = readOptions(options);
  const header = request.headers.cookie ?? '';
  if (header.length > longestHeader) return undefined;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return new Set(values).size === 1 ? values[0] : undefined;
}

function appendCookie(response: ServerResponse, value: string, options: RefreshCookieOptions): void {
  const { name, path, sameSite } = readOptions(options);
  response.appendHeader('Set-Cookie', `${name}=${value}; Path=${path}; Secure; HttpOnly; SameSite=${sameSite}`);
  response.setHeader('Cache-Control', 'no-store');
}

function readOptions({ name = 'refresh', path = '/', sameSite = 'Strict' }: RefreshCookieOptions) {
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
    throw new ConfigurationError('name', 'expected 1–64 letters, digits, _ and -, without a prefix');
  }
  if (typeof path !== 'string' || !/^\/[\w./~-]{0,255}$/.test(path)) {
    throw new ConfigurationError('path', 'expected a path that begins with /, without ; and spaces');
  }
  if (sameSite !== 'Strict' && sameSite !== 'Lax') {
    throw new ConfigurationError('sameSite', "expected 'Strict' or 'Lax'");
  }
  // RFC 10017: __Host-Http- proves that a response of this host has set it, over TLS and with HttpOnly.
  return { name: `${path === '/' ? '__Host-Http-' : '__Secure-'}${name}`, path, sameSite };
}
