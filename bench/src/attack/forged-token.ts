import { createHash, randomBytes } from 'node:crypto';

/** A compact JWS whose signature is random bytes. */
export function forgedToken({
  header,
  payload,
  signature,
}: {
  header: object;
  payload: object;
  signature: Buffer;
}): string {
  return [encode(header), encode(payload), signature.toString('base64url')].join('.');
}

/** Claims of a valid token, except that nothing has signed them. */
export function plausibleClaims(issuer: string, audience: string, jti: string): object {
  const iat = Math.floor(Date.now() / 1000);
  return { iss: issuer, sub: 'user-1', aud: audience, client_id: 'client-1', iat, exp: iat + 300, jti };
}

/** A DPoP proof (RFC 9449 §4.2) for a token, with an RSA key of random bytes: reading it costs as much as a real key. */
export function forgedProof(token: string, target: string, { bits, exponent }: RsaSize): string {
  const bytes = bits / 8;
  const modulus = randomBytes(bytes);
  modulus[0] = 0x80 | (modulus[0] ?? 0);
  modulus[bytes - 1] = 1 | (modulus[bytes - 1] ?? 0);
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
  const ath = createHash('sha256').update(token).digest('base64url');
  const jti = randomBytes(12).toString('base64url');
  const signature = randomBytes(bytes);
  // Less than the modulus, so that the check does not end before the exponentiation.
  signature[0] = 0;
  return forgedToken({
    header: { typ: 'dpop+jwt', alg: 'RS256', jwk },
    payload: { jti, htm: 'GET', htu: target, iat: Math.floor(Date.now() / 1000), ath },
    signature,
  });
}

export interface RsaSize {
  readonly bits: number;
  /** Big-endian. */
  readonly exponent: Buffer;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
