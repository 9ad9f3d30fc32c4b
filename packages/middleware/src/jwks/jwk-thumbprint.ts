import { hash } from 'node:crypto';
import type { JsonObject } from '../token/json.ts';

/**
 * The RFC 7638 SHA-256 thumbprint of a JWK, base64url, from its members as they are written. Nothing is imported, so that it
 * costs the same for every key.
 *
 * @returns undefined when a required member is missing or is no string.
 */
export function jwkThumbprint({ kty, crv, e, n, x, y }: JsonObject): string | undefined {
  // §3: the required members only, in lexicographic order, without white space.
  const required = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  if (!Object.values(required).every((value) => typeof value === 'string')) return undefined;
  return hash('sha256', JSON.stringify(required), 'base64url');
}
