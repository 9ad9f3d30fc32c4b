import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { readTokenKeys, type TokenKeys } from './token-keys.ts';

/** What is known about a text that a client wants to have revoked. */
export type TokenVerdict =
  | { readonly outcome: 'genuine'; readonly claims: Readonly<Record<string, unknown>> }
  /** A genuine token that nothing accepts any more. */
  | { readonly outcome: 'expired' }
  /** No JWT of this issuer. */
  | { readonly outcome: 'foreign' }
  /** The keys could not be read, so nothing is known. */
  | { readonly outcome: 'unavailable' };

/** Checks signature, issuer and `exp`. Audience and possession decide about use, not about revocation. Never throws. */
export type VerifyToken = (jwt: string) => Promise<TokenVerdict>;

/** Longest token, in characters: a proxy or Node refuses a longer one in a header. */
const longestToken = 16_384;
/** RFC 8725 §3.1: never `none`, and no algorithm with a shared secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const fetchLimits = { timeoutDuration: 3000, cooldownDuration: 30_000 };

/** @throws ConfigurationError for malformed keys. */
export function createVerifyToken(issuer: string, tokenKeys: TokenKeys): VerifyToken {
  const keys = readTokenKeys(tokenKeys, issuer);
  const findKey = keys instanceof URL ? createRemoteJWKSet(keys, fetchLimits) : createLocalJWKSet({ keys: [...keys] });
  return async (jwt) => {
    // Three parts: neither an opaque token nor an encrypted one needs a key.
    if (jwt.length > longestToken || jwt.split('.').length !== 3) return { outcome: 'foreign' };
    let keysFailed = false;
    const key: JWTVerifyGetKey = async (header, token) => {
      try {
        return await findKey(header, token);
      } catch (error) {
        keysFailed = !isUnknownKey(error);
        throw error;
      }
    };
    try {
      const { payload } = await jwtVerify(jwt, key, { issuer, algorithms, requiredClaims: ['exp'] });
      return { outcome: 'genuine', claims: payload };
    } catch (error) {
      if (keysFailed) return { outcome: 'unavailable' };
      return { outcome: error instanceof errors.JWTExpired ? 'expired' : 'foreign' };
    }
  };
}

function isUnknownKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
