import { hash } from 'node:crypto';
import { jwkThumbprint } from '../jwks/jwk-thumbprint.ts';
import { readKey } from '../jwks/parse-key-set.ts';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { ResolvedDpop } from '../options/binding-options.ts';
import type { AnyRequest } from '../token/bearer.ts';
import { isNumericDate } from '../token/claims.ts';
import { parseSigned } from '../token/compact.ts';
import { isJsonObject, type JsonObject } from '../token/json.ts';
import type { Signed } from '../token/signature.ts';
import { normalUri, targetUri } from './target-uri.ts';

/** A parsed DPoP proof, **not verified**. */
export interface DpopProof extends Signed {
  readonly alg: string;
  /** The key in the header of the proof, not imported. It proves nothing until its thumbprint equals that of the token. */
  readonly jwk: JsonObject;
  readonly thumbprint: string;
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds. */
  readonly iat: number;
  readonly ath: string;
  readonly nonce: string | undefined;
}

/** Longest accepted `jti`, in characters. */
const maxJtiLength = 256;

/** Reads a proof: RFC 9449 §4.3, checks 2 to 5 and 7. Returns undefined for any other text. Never throws. */
export function parseProof(text: string, algorithms: readonly string[]): DpopProof | undefined {
  const parsed = parseSigned(text);
  if (!parsed.ok) return undefined;
  const { typ, alg, jwk } = parsed.members;
  if (typeof typ !== 'string' || typ.toLowerCase() !== 'dpop+jwt') return undefined;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return undefined;
  const thumbprint = isJsonObject(jwk) ? jwkThumbprint(jwk) : undefined;
  if (!isJsonObject(jwk) || thumbprint === undefined) return undefined;

  const { jti, htm, htu, iat, ath, nonce } = parsed.payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength) return undefined;
  if (typeof htm !== 'string' || typeof htu !== 'string' || typeof ath !== 'string') return undefined;
  if (!isNumericDate(iat) || (nonce !== undefined && typeof nonce !== 'string')) return undefined;
  const { signingInput, signature } = parsed;
  return { text, signingInput, signature, alg, jwk, thumbprint, jti, htm, htu, iat, ath, nonce };
}

export interface ProofPolicy extends Pick<ResolvedDpop, 'publicOrigin' | 'proofMaxAgeMs'> {
  readonly clockToleranceMs: number;
}

/** A proof, its request and token, and the time. */
export interface ProofUnderTest {
  readonly proof: DpopProof;
  readonly request: AnyRequest;
  /** The access token as received. */
  readonly token: string;
  /** The thumbprint that the token is bound to; undefined: no proof fits. */
  readonly jkt: string | undefined;
  readonly policy: ProofPolicy;
  readonly nowMs: number;
}

export type ProofCheck = (proof: ProofUnderTest) => 'dpop_invalid' | 'binding_mismatch' | undefined;

/**
 * RFC 9449 §4.3 check 12: the key of the proof is the key that the token is bound to (§6.1). First, so that no key is imported
 * that a stranger has chosen.
 */
export const checkProofKey: ProofCheck = ({ proof, jkt }) =>
  proof.thumbprint === jkt ? undefined : 'binding_mismatch';

/**
 * Imports the key of a proof. Private, symmetric, weak and oversized keys, and keys for another algorithm, are rejected.
 *
 * @returns undefined for such a key.
 */
export function keyOfProof({ jwk, alg, thumbprint }: DpopProof, maxRsaBits: number): VerificationKey | undefined {
  const key = readKey(jwk, maxRsaBits);
  if (typeof key === 'string' || key.thumbprint !== thumbprint) return undefined;
  return key.algorithms.some((name) => name === alg) ? key : undefined;
}

/** Check 8. RFC 9110 §9.1: methods are case-sensitive. */
export const checkProofMethod: ProofCheck = ({ proof, request }) =>
  proof.htm === request.method ? undefined : 'dpop_invalid';

/** Check 9. */
export const checkProofTarget: ProofCheck = ({ proof, request, policy }) => {
  const target = targetUri(request, policy.publicOrigin);
  return target !== undefined && normalUri(proof.htu) === target ? undefined : 'dpop_invalid';
};

/** Check 11, RFC 9449 §11.1: recent, and not in the future. */
export const checkProofTime: ProofCheck = ({ proof, policy, nowMs }) => {
  const ageMs = nowMs - proof.iat * 1000;
  const recent = ageMs <= policy.proofMaxAgeMs + policy.clockToleranceMs && ageMs >= -policy.clockToleranceMs;
  return recent ? undefined : 'dpop_invalid';
};

/** Check 12: made for this token. */
export const checkProofToken: ProofCheck = ({ proof, token }) =>
  proof.ath === hash('sha256', token, 'base64url') ? undefined : 'dpop_invalid';

/** The checks that need only the proof and its request. Signature, nonce and replay are checked after them. */
export const proofChecks: readonly ProofCheck[] = [
  checkProofKey,
  checkProofMethod,
  checkProofTarget,
  checkProofTime,
  checkProofToken,
];
