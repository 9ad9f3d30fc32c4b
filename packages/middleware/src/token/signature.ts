import { compactVerify, errors } from 'jose';
import type { VerificationKey } from '../jwks/key-source.ts';

/**
 * Verifies the signature of a token with the one key that was selected for it.
 *
 * @returns false when the signature does not fit. Any other failure is thrown: it is not known to be the token's fault.
 * @see RFC 7515 §5.2
 */
export async function verifySignature(token: string, alg: string, { key }: VerificationKey): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false;
    throw error;
  }
}
