import type { ClaimName } from '../options/profiles.ts';
import type { JsonObject } from './json.ts';

export type { ClaimMap, ClaimName } from '../options/profiles.ts';

/** Returns the first claim of the alternatives that is there, unread. */
export function mappedClaim(claims: JsonObject, name: ClaimName): unknown {
  if (name === null) return undefined;
  if (typeof name === 'string') return claims[name];
  for (const alternative of name) {
    if (claims[alternative] !== undefined) return claims[alternative];
  }
  return undefined;
}
