import { hash } from 'node:crypto';
import type { AnyRequest } from '../token/bearer.ts';
import { countFields, fieldOf } from '../token/fields.ts';
import type { VerifySignature } from '../token/signature.ts';
import { type CertificateHeader, certificateThumbprint } from './client-certificate.ts';
import type { Confirmation } from './confirmation.ts';
import { keyOfProof, type ProofPolicy, parseProof, proofChecks } from './dpop-proof.ts';
import type { Nonces } from './nonces.ts';
import type { RequestProofs } from './replay-store.ts';

export type Scheme = 'bearer' | 'dpop';

/** A token as a request presents it. */
export interface PresentedToken {
  readonly request: AnyRequest;
  readonly scheme: Scheme;
  readonly token: string;
}

/** Whether the client has proven that it holds the key of the token. */
export type ProofResult =
  | { readonly outcome: 'proven'; readonly nonce?: string }
  | {
      readonly outcome: 'rejected';
      readonly reason: 'binding_mismatch' | 'dpop_invalid' | 'dpop_replay' | 'dpop_nonce';
    }
  | {
      readonly outcome: 'unavailable';
      readonly reason: 'denylist_unavailable' | 'signature_throttled' | 'dpop_throttled';
    };

export interface DpopParts extends ProofPolicy {
  readonly required: boolean;
  readonly algorithms: readonly string[];
  readonly maxRsaBits: number;
  readonly replays: RequestProofs;
  /** Undefined: proofs need no nonce. */
  readonly nonces: Nonces | undefined;
}

export interface PossessionParts {
  /** Undefined: the scheme `DPoP` is not accepted. */
  readonly dpop: DpopParts | undefined;
  readonly certificateHeader: CertificateHeader | undefined;
  readonly verifySignature: VerifySignature;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

const invalid: ProofResult = { outcome: 'rejected', reason: 'dpop_invalid' };
const throttled: ProofResult = { outcome: 'unavailable', reason: 'dpop_throttled' };

const nameOf = (text: string) => hash('sha256', text, 'base64url');

/** Checks on every request that the client holds the key or certificate that a token is bound to (RFC 8705 §3, RFC 9449 §7). */
export class Possession {
  readonly #parts: PossessionParts;

  constructor(parts: PossessionParts) {
    this.#parts = parts;
  }

  accepts(scheme: Scheme): boolean {
    const { dpop } = this.#parts;
    return scheme === 'dpop' ? dpop !== undefined : dpop?.required !== true;
  }

  /** Whether scheme and client certificate of a request are those that the token is bound to. The proof is {@link checkProof}. */
  matches({ request, scheme }: PresentedToken, confirmation: Confirmation | 'unsupported' | undefined): boolean {
    if (confirmation === undefined) return scheme === 'bearer';
    if (confirmation === 'unsupported') return false;
    const { jkt, certificate } = confirmation;
    // RFC 9449 §7.1 and §7.2: a bound token needs the scheme DPoP, an unbound one the scheme Bearer.
    if ((scheme === 'dpop') !== (jkt !== undefined)) return false;
    return certificate === undefined || certificateThumbprint(request, this.#parts.certificateHeader) === certificate;
  }

  /** Checks the DPoP proof of a request whose token {@link matches}. Never rejects for what a client sent. */
  async checkProof(
    { request, token }: PresentedToken,
    confirmation: Confirmation | 'unsupported' | undefined,
  ): Promise<ProofResult> {
    const { dpop, now, verifySignature } = this.#parts;
    const jkt = typeof confirmation === 'object' ? confirmation.jkt : undefined;
    // RFC 9449 §4.3 check 1: exactly one field.
    if (dpop === undefined || countFields(request, 'dpop') !== 1) return invalid;
    const proof = parseProof(fieldOf(request, 'dpop') ?? '', dpop.algorithms);
    if (proof === undefined) return invalid;
    const nowMs = now();
    for (const check of proofChecks) {
      const reason = check({ proof, request, token, jkt, policy: dpop, nowMs });
      if (reason !== undefined) return { outcome: 'rejected', reason };
    }
    const key = keyOfProof(proof, dpop.maxRsaBits);
    // Check 6.
    const isGenuine = key !== undefined && (await verifySignature(proof, proof.alg, key));
    if (isGenuine === 'throttled') return { outcome: 'unavailable', reason: 'signature_throttled' };
    if (isGenuine !== true) return invalid;
    // RFC 9449 §11.1: ids are unique for a key, so that the `jti` of another client does not use up this one. One second is added
    // because the store has another clock.
    const { thumbprint, jti, iat } = proof;
    const endsAtMs = iat * 1000 + dpop.proofMaxAgeMs + dpop.clockToleranceMs;
    const used = { jkt: thumbprint, lifetimeMs: Math.max(0, endsAtMs - nowMs) + 1000 };
    // Check 10. After the signature: a nonce is sent only to clients that hold the key.
    const nonce = dpop.nonces?.judge(proof.nonce ?? '');
    if (nonce === 'bad') {
      const isCounted = dpop.replays.countChallenge({ ...used, name: nameOf(`nonce ${thumbprint} ${jti}`) });
      return isCounted ? { outcome: 'rejected', reason: 'dpop_nonce' } : throttled;
    }
    // Last, so that a proof that is rejected for another reason is not used up.
    const seen = await dpop.replays.take(request, { ...used, name: nameOf(`${thumbprint} ${jti}`) });
    if (seen === 'full') return throttled;
    if (seen === 'first') return { outcome: 'proven', nonce: nonce === 'late' ? dpop.nonces?.current() : undefined };
    return seen === 'again'
      ? { outcome: 'rejected', reason: 'dpop_replay' }
      : { outcome: 'unavailable', reason: 'denylist_unavailable' };
  }
}
