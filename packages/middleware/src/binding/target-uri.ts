import type { AnyRequest } from '../token/bearer.ts';

/** A path segment that a parser of URLs removes: `.` and `..`, escaped or not. */
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** Characters that a parser of URLs removes or replaces: white space, control characters, and `\`, which becomes `/`. */
const foreignToPath = /[^!-[\]-~\u0080-\uffff]/;

/**
 * Returns a URI in the form that RFC 9449 §4.3 compares: without query and fragment, after the normalisations of RFC 3986
 * §6.2.2 and §6.2.3. Undefined for any other text than an http or https URI, and for a path with dot segments or `\`: a router
 * that does not remove them would serve another route than the one that the proof names.
 */
export function normalUri(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const [beforeQuery = ''] = text.split(/[?#]/, 1);
  if (foreignToPath.test(beforeQuery) || dotSegment.test(beforeQuery)) return undefined;
  const { origin, pathname, username, password } = new URL(text);
  if (username !== '' || password !== '') return undefined;
  return origin + pathname.replaceAll(/%[0-9a-f]{2}/gi, normalEscape);
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: upper-case escapes, and no escape for an unreserved character. */
function normalEscape(escaped: string): string {
  const letter = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(letter) ? letter : escaped.toUpperCase();
}

/**
 * The URI that the client requested: the configured public origin and the received path. `Host` and `Forwarded` are not
 * read: with a value of its choice, a client could use a proof that was made for another server.
 */
export function targetUri(request: AnyRequest, publicOrigin: string): string | undefined {
  const target = request.originalUrl ?? request.url;
  // RFC 9112 §3.2.1: only the origin form. The absolute form contains an authority, which the client chooses.
  if (target === undefined || !target.startsWith('/')) return undefined;
  return normalUri(publicOrigin + target);
}
