import type { JsonObject } from './json.ts';

/** RFC 6749 §3.3. */
export const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Reads the scopes of a token from the claims that may carry them, in order and each once.
 *
 * @returns undefined when a claim is there and is neither a string with spaces between scopes (RFC 8693 §4.2) nor an
 * array of strings: half of it must not be guessed.
 */
export function readScopes(claims: JsonObject, names: readonly string[]): readonly string[] | undefined {
  const scopes = new Set<string>();
  for (const name of names) {
    const listed = readList(claims[name]);
    if (listed === undefined) return undefined;
    for (const scope of listed) scopes.add(scope);
  }
  return [...scopes];
}

function readList(claim: unknown): readonly string[] | undefined {
  if (claim === undefined) return [];
  if (typeof claim === 'string') return claim.split(' ').filter((scope) => scope !== '');
  if (Array.isArray(claim) && claim.every((scope) => typeof scope === 'string' && scope !== '')) return claim;
  return undefined;
}
