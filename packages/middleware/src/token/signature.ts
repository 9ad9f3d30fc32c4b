import { constants, type KeyObject, verify } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { SignedParts } from './compact.ts';

/** A signed text with its signature. */
export type Signed = Pick<SignedParts, 'text' | 'signingInput' | 'signature'>;

/** The parameters of node:crypto for one algorithm. */
export interface SignatureScheme {
  /** Null where the algorithm includes its digest. */
  readonly digest: string | null;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'ieee-p1363';
}

const pkcs1 = constants.RSA_PKCS1_PADDING;
// RFC 7518 §3.5: the salt has the length of the hash.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// RFC 7518 §3.4: R and S concatenated, each as long as the order of the curve; not DER.
const rs = { dsaEncoding: 'ieee-p1363' } as const;

/**
 * The algorithms that are checked synchronously: RFC 7518 §3.3 to §3.5, RFC 8037 §3.1, RFC 9864 §2.2. To pass a check to
 * the threads of libuv costs the request thread about 50 µs, as much as the check itself (RSA 22, P-256 51, Ed25519 61 µs).
 * The larger curves take ten times as long.
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
 * Verifies the signature of a token with the key that was selected for it: synchronously where that is fast, otherwise
 * with jose, which uses another thread.
 *
 * @returns false when the signature does not match. Other failures are thrown: they may not be the token's fault.
 * @see RFC 7515 §5.2
 */
export function verifySignature(signed: Signed, alg: string, listed: VerificationKey): boolean | Promise<boolean> {
  if (!hasItsLength(signed, listed)) return false;
  const { key } = listed;
  const scheme = quickSchemes.get(alg);
  if (scheme === undefined) return verifyOnThread(signed.text, alg, key);
  const { digest, ...how } = scheme;
  return verify(digest, Buffer.from(signed.signingInput, 'latin1'), { key, ...how }, signed.signature);
}

/**
 * OpenSSL also accepts an RSA signature without its leading zero bytes, which would be a second spelling of a token. RFC 8017
 * §8.1.2 and §8.2.2, step 1; RFC 7518 §3.4; RFC 8032 §5.1.7.
 */
export function hasItsLength({ signature }: Signed, { signatureLength }: VerificationKey): boolean {
  return signature.length === signatureLength;
}

/** As {@link verifySignature}. `throttled`: it was not checked, and may be valid. Accept only `true`. */
export type VerifySignature = (
  signed: Signed,
  alg: string,
  listed: VerificationKey,
) => boolean | 'throttled' | Promise<boolean | 'throttled'>;

async function verifyOnThread(token: string, alg: string, key: KeyObject): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false;
    throw error;
  }
}
