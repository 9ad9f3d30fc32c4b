import { constants, type KeyObject, verify } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { SignedParts } from './compact.ts';

/** What was signed, and with what: a token in its one spelling, whole and in parts. */
export type Signed = Pick<SignedParts, 'text' | 'signingInput' | 'signature'>;

/** How node:crypto is asked about a signature. */
export interface SignatureScheme {
  /** Null where the algorithm brings its own. */
  readonly digest: string | null;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'ieee-p1363';
}

const pkcs1 = constants.RSA_PKCS1_PADDING;
// RFC 7518 §3.5: the salt is as long as the hash, no longer and no shorter.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// RFC 7518 §3.4: R and S one after the other, each as long as the curve's order, and not in DER.
const rs = { dsaEncoding: 'ieee-p1363' } as const;

/**
 * The algorithms that are checked on the spot: RFC 7518 §3.3 to §3.5, RFC 8037 §3.1, RFC 9864 §2.2. Handing one check to
 * libuv's threads costs the request thread about 50 µs, which is what these take as a whole (RSA 22, P-256 51, Ed25519
 * 61 µs). The larger curves take ten times as long.
 */
export const quickSchemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ['RS256', { digest: 'sha256', padding: pkcs1 }],
  ['RS384', { digest: 'sha384', padding: pkcs1 }],
  ['RS512', { digest: 'sha512', padding: pkcs1 }],
  ['PS256', { digest: 'sha256', ...pss }],
  ['PS384', { digest: 'sha384', ...pss }],
  ['PS512', { digest: 'sha512', ...pss }],
  ['ES256', { digest: 'sha256', ...rs }],
  ['EdDSA', { digest: null }],
  ['Ed25519', { digest: null }],
]);

/**
 * Verifies the signature of a token with the one key that was selected for it: on the spot where that is quick,
 * otherwise by way of jose, which checks on another thread.
 *
 * @returns false when the signature does not fit. Any other failure is thrown: it is not known to be the token's fault.
 * @see RFC 7515 §5.2
 */
export function verifySignature(signed: Signed, alg: string, { key }: VerificationKey): boolean | Promise<boolean> {
  const scheme = quickSchemes.get(alg);
  if (scheme === undefined) return verifyElsewhere(signed.text, alg, key);
  const { digest, ...how } = scheme;
  return verify(digest, Buffer.from(signed.signingInput, 'latin1'), { key, ...how }, signed.signature);
}

export type VerifySignature = typeof verifySignature;

async function verifyElsewhere(token: string, alg: string, key: KeyObject): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false;
    throw error;
  }
}
