import { createHash } from 'node:crypto';
import { ConfigurationError } from '../configuration-error.ts';

/** What `revokeToken` needs of a token. */
export interface TokenTarget {
  readonly issuer: string;
  readonly token: string;
  readonly expiresAt?: number;
}

/**
 * Names the token dimension of one JWT without verifying it: a revocation can only take away.
 *
 * A token without a token id is named by SHA-256 of its signing input (`header.payload`), never of the whole string:
 * ECDSA signatures are malleable, and the other spelling would live on.
 *
 * @param idClaim the claim that carries the token id: `jti`, at Entra `uti`.
 * @throws ConfigurationError; no part of the token is in it.
 */
export function targetOfToken(jwt: string, idClaim = 'jti'): TokenTarget {
  const [header, payload, signature, ...more] = jwt.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw new ConfigurationError('token', 'expected a signed JWT of three parts');
  }
  const claims = readClaims(payload);
  const { iss, exp } = claims;
  if (typeof iss !== 'string' || iss === '') throw new ConfigurationError('token', 'expected an iss claim');
  const id = claims[idClaim];
  const expiresAt = typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? { expiresAt: Math.ceil(exp) } : {};
  return {
    issuer: iss,
    token: typeof id === 'string' && id !== '' ? id : signingInputName(`${header}.${payload}`),
    ...expiresAt,
  };
}

/** The name of a token that has no id of its own. */
export function signingInputName(signingInput: string): string {
  return `sha256:${createHash('sha256').update(signingInput).digest('base64url')}`;
}

function readClaims(payload: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed };
  } catch {
    // falls through to the one answer; the parser's message would quote the token
  }
  throw new ConfigurationError('token', 'expected a JSON object as its payload');
}
