import type { JsonObject } from './json.ts';

/** RFC 6749 §3.3. */
export const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Reads the scopes of a token from its scope claims, in order and each once.
 *
 * @returns undefined when a claim is neither a string of scopes separated by spaces (RFC 8693 §4.2) nor an array of
 * non-empty strings: it is not read in part.
 */
export function readScopes(claims: JsonObject, names: readonly string[]): readonly string[] | undefined {
  const listed = names.flatMap((name) => {
    const claim = claims[name] ?? [];
    return typeof claim === 'string' ? claim.split(' ').filter(isNonEmpty) : claim;
  });
  return listed.every(isNonEmpty) ? [...new Set(listed)] : undefined;
}

function isNonEmpty(scope: unknown): scope is string {
  return typeof scope === 'string' && scope !== '';
}
