import { createHash } from 'node:crypto';
import { parseJsonObject } from '../codec/json.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { unexpected } from './unexpected.ts';

/** The parts of a token that `revokeToken` needs. */
interface TokenTarget {
  readonly issuer: string;
  readonly token: string;
  readonly expiresAt?: number;
}

/**
 * Names the token dimension of one JWT. The signature is not verified, because a revocation can only deny.
 *
 * A token without a token id is named by SHA-256 of its signing input (`header.payload`), never of the whole string:
 * ECDSA signatures are malleable, so the same token has a second valid form, which would still be accepted.
 *
 * @param idClaim the claim that contains the token id: `jti`, at Entra `uti`.
 * @throws ConfigurationError without any part of the token.
 */
export function targetOfToken(jwt: unknown, idClaim = 'jti'): TokenTarget {
  if (typeof jwt !== 'string') {
    throw unexpected('token', 'a signed JWT of three parts', jwt);
  }
  const [header, payload, signature, ...more] = jwt.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw new ConfigurationError('token', 'expected a signed JWT of three parts, found another string');
  }
  const claims = parseJsonObject(Buffer.from(payload, 'base64url'));
  if (claims === undefined)
    throw new ConfigurationError('token', 'expected a JSON object as payload, found something else');
  const { iss, exp } = claims;
  if (typeof iss !== 'string' || iss === '') throw new ConfigurationError('token', 'expected an iss claim, found none');
  const id = claims[idClaim];
  return {
    issuer: iss,
    token: typeof id === 'string' && id !== '' ? id : signingInputName(`${header}.${payload}`),
    expiresAt: typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? Math.ceil(exp) : undefined,
  };
}

/** The name of a token that has no id of its own. */
export function signingInputName(signingInput: string): string {
  return `sha256:${createHash('sha256').update(signingInput).digest('base64url')}`;
}
