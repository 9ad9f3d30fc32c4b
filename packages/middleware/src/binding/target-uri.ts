import type { RequestWithHeaders } from '../token/bearer.ts';

/**
 * Returns a URI as RFC 9449 §4.3 has them compared: without query and fragment, after the normalisations of RFC 3986
 * §6.2.2 and §6.2.3. Undefined for what is no http URI.
 */
export function normalUri(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { origin, pathname, username, password } = new URL(text);
  if (username !== '' || password !== '') return undefined;
  return origin + pathname.replaceAll(/%[0-9a-f]{2}/gi, normalEscape);
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: capitals, and no escape for what needs none. */
function normalEscape(escaped: string): string {
  const letter = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(letter) ? letter : escaped.toUpperCase();
}

/**
 * The URI that the client asked for, as the client wrote it: the configured public origin and the path received. Never
 * from `Host` or `Forwarded`: whoever may choose those could have a proof for another server accepted here.
 */
export function targetUri(request: RequestWithHeaders, publicOrigin: string): string | undefined {
  const target = request.originalUrl ?? request.url;
  // RFC 9112 §3.2.1. An absolute form names its own authority, and that is the client's word again.
  if (target === undefined || !target.startsWith('/')) return undefined;
  return normalUri(publicOrigin + target);
}
