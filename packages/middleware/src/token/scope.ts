import { isAbsent, type JsonObject } from './json.ts';

/** RFC 6749 §3.3. */
export const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Reads the scopes of a token from its scope claims, in order and each once.
 *
 * @returns undefined when a claim is neither a string of scopes separated by spaces (RFC 8693 §4.2) nor an array of
 * non-empty strings: it is not read in part.
 */
export function readScopes(claims: JsonObject, names: readonly string[]): readonly string[] | undefined {
  const scopes: string[] = [];
  for (const name of names) {
    const claim = claims[name];
    if (isAbsent(claim)) continue;
    const isText = typeof claim === 'string';
    const listed: readonly unknown[] = isText ? claim.split(' ') : Array.isArray(claim) ? claim : [claim];
    for (const scope of listed) {
      if (isText && scope === '') continue;
      if (typeof scope !== 'string' || scope === '') return undefined;
      scopes.push(scope);
    }
  }
  return scopes.length < 2 ? scopes : [...new Set(scopes)];
}
