import { constants, verify } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { VerificationKey } from '../jwks/key-source.ts';

interface RsaScheme {
  readonly digest: string;
  readonly padding: number;
  readonly saltLength?: number;
}

const pkcs1 = constants.RSA_PKCS1_PADDING;
// RFC 7518 §3.5: the salt is as long as the hash, no longer and no shorter.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** RFC 7518 §3.3, §3.5. */
const rsaSchemes: ReadonlyMap<string, RsaScheme> = new Map([
  ['RS256', { digest: 'sha256', padding: pkcs1 }],
  ['RS384', { digest: 'sha384', padding: pkcs1 }],
  ['RS512', { digest: 'sha512', padding: pkcs1 }],
  ['PS256', { digest: 'sha256', ...pss }],
  ['PS384', { digest: 'sha384', ...pss }],
  ['PS512', { digest: 'sha512', ...pss }],
]);

/**
 * Verifies the signature of a token with the one key that was selected for it.
 *
 * Elliptic curves take long enough for another thread, which is where jose verifies. RSA does not: handing it over costs
 * more than the check itself.
 *
 * @param token in the one spelling that {@link parseSigned} accepts.
 * @returns false when the signature does not fit. Any other failure is thrown: it is not known to be the token's fault.
 * @see RFC 7515 §5.2
 */
export async function verifySignature(token: string, alg: string, { key }: VerificationKey): Promise<boolean> {
  const rsa = rsaSchemes.get(alg);
  if (rsa !== undefined) {
    const { digest, ...scheme } = rsa;
    const dot = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(dot + 1), 'base64url');
    return verify(digest, Buffer.from(token.slice(0, dot), 'latin1'), { key, ...scheme }, signature);
  }
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false;
    throw error;
  }
}
