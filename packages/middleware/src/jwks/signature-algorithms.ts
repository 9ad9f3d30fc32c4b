/**
 * The signature algorithms that a key set may bind a key to: asymmetric ones only. HMAC is refused on purpose (RFC 8725
 * §2.1, §3.2: whoever verifies could sign), `none` is not an algorithm.
 */
export type SignatureAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

const rsa: readonly SignatureAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** What a key of each kind can verify; the curve decides for elliptic keys (RFC 7518 §3.4, RFC 8037 §3.1, RFC 9864). */
const byKeyKind: ReadonlyMap<string, readonly SignatureAlgorithm[]> = new Map([
  ['RSA', rsa],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
]);

/** Returns the algorithms that fit a JWK's `kty` and `crv`; an empty list when none of ours does. */
export function algorithmsOfKey(kty: string, crv: unknown): readonly SignatureAlgorithm[] {
  const kind = kty === 'RSA' ? 'RSA' : `${kty} ${typeof crv === 'string' ? crv : ''}`;
  return byKeyKind.get(kind) ?? [];
}
