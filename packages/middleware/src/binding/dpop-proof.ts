import { hash } from 'node:crypto';
import { readKey } from '../jwks/parse-key-set.ts';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import { isNumericDate } from '../token/claims.ts';
import { parseSigned } from '../token/compact.ts';
import type { Signed } from '../token/signature.ts';
import { normalUri, targetUri } from './target-uri.ts';

/** A DPoP proof as read, and **not verified**. */
export interface DpopProof extends Signed {
  readonly alg: string;
  /** The key that the proof brings along: it proves nothing but itself, until its thumbprint is the token's. */
  readonly key: VerificationKey;
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds. */
  readonly iat: number;
  readonly ath: string;
  readonly nonce: string | undefined;
}

/** Longest `jti` taken, in characters. */
const maxJtiLength = 256;

/** Reads a proof: RFC 9449 §4.3, checks 2 to 5 and 7. Undefined when it is none. Never throws. */
export function parseProof(text: string, algorithms: readonly string[]): DpopProof | undefined {
  const parsed = parseSigned(text);
  if (!parsed.ok) return undefined;
  const { typ, alg, jwk } = parsed.members;
  if (typeof typ !== 'string' || typ.toLowerCase() !== 'dpop+jwt') return undefined;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return undefined;
  // A private key, a symmetric one, a weak one and one for another algorithm are all no keys here.
  const key = readKey(jwk);
  if (typeof key === 'string' || !key.algorithms.some((name) => name === alg)) return undefined;

  const { jti, htm, htu, iat, ath, nonce } = parsed.payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength) return undefined;
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof ath !== 'string') return undefined;
  if (!isNumericDate(iat) || (nonce !== undefined && typeof nonce !== 'string')) return undefined;
  const { signingInput, signature } = parsed;
  return { text, signingInput, signature, alg, key, jti, htm, htu, iat, ath, nonce };
}

export interface ProofPolicy {
  /** Scheme, host and port by which clients name this API, and the part of the path that a proxy cuts off. */
  readonly publicOrigin: string;
  readonly proofMaxAgeMs: number;
  readonly clockToleranceMs: number;
}

/** One proof beside one request, at one moment. */
export interface ProofUnderTest {
  readonly proof: DpopProof;
  readonly request: RequestWithHeaders;
  /** The access token as received. */
  readonly token: string;
  /** The thumbprint that the token is bound to. */
  readonly jkt: string;
  readonly policy: ProofPolicy;
  readonly nowMs: number;
}

export type ProofCheck = (proof: ProofUnderTest) => 'dpop_invalid' | 'binding_mismatch' | undefined;

/** RFC 9449 §4.3 check 12: the proof's key is the one that the token is bound to (§6.1). */
export const checkProofKey: ProofCheck = ({ proof, jkt }) =>
  proof.key.thumbprint === jkt ? undefined : 'binding_mismatch';

/** Check 8. RFC 9110 §9.1: methods are compared with their case. */
export const checkProofMethod: ProofCheck = ({ proof, request }) =>
  proof.htm === request.method ? undefined : 'dpop_invalid';

/** Check 9. */
export const checkProofTarget: ProofCheck = ({ proof, request, policy }) => {
  const target = targetUri(request, policy.publicOrigin);
  return target !== undefined && normalUri(proof.htu) === target ? undefined : 'dpop_invalid';
};

/** Check 11, RFC 9449 §11.1: recent, and not from the future. */
export const checkProofTime: ProofCheck = ({ proof, policy, nowMs }) => {
  const ageMs = nowMs - proof.iat * 1000;
  const recent = ageMs <= policy.proofMaxAgeMs + policy.clockToleranceMs && ageMs >= -policy.clockToleranceMs;
  return recent ? undefined : 'dpop_invalid';
};

/** Check 12: made for this very token. */
export const checkProofToken: ProofCheck = ({ proof, token }) =>
  proof.ath === hash('sha256', token, 'base64url') ? undefined : 'dpop_invalid';

/** The checks that need nothing but the proof and its request; signature, nonce and replay come after. */
export const proofChecks: readonly ProofCheck[] = [
  checkProofKey,
  checkProofMethod,
  checkProofTarget,
  checkProofTime,
  checkProofToken,
];
