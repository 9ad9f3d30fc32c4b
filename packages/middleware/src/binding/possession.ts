import { hash } from 'node:crypto';
import { countFields, fieldOf, type RequestWithHeaders } from '../token/bearer.ts';
import type { VerifySignature } from '../token/signature.ts';
import { type CertificateHeader, certificateThumbprint } from './client-certificate.ts';
import type { Confirmation } from './confirmation.ts';
import { type DpopProof, type ProofPolicy, parseProof, proofChecks } from './dpop-proof.ts';
import type { Nonces } from './nonces.ts';
import type { RequestProofs } from './replay-store.ts';

export type Scheme = 'bearer' | 'dpop';

/** A verified token and its request. */
export interface ShownToken {
  readonly request: RequestWithHeaders;
  readonly scheme: Scheme;
  readonly token: string;
  readonly confirmation: Confirmation | 'unsupported' | undefined;
}

/** Whether a request has proven the key that its token is bound to. */
export type Proven =
  | { readonly outcome: 'proven'; readonly nonce?: string }
  | {
      readonly outcome: 'rejected';
      readonly reason: 'binding_mismatch' | 'dpop_invalid' | 'dpop_replay' | 'dpop_nonce';
    }
  | { readonly outcome: 'unavailable'; readonly reason: 'denylist_unavailable' };

export interface DpopParts extends ProofPolicy {
  readonly required: boolean;
  readonly algorithms: readonly string[];
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

const proven: Proven = { outcome: 'proven' };
const mismatch: Proven = { outcome: 'rejected', reason: 'binding_mismatch' };
const invalid: Proven = { outcome: 'rejected', reason: 'dpop_invalid' };
const unavailable: Proven = { outcome: 'unavailable', reason: 'denylist_unavailable' };

/** Checks on every request with a bound token that the client holds its key (RFC 8705 §3, RFC 9449 §7). */
export class Possession {
  readonly #parts: PossessionParts;
  readonly #schemes: readonly Scheme[];

  constructor(parts: PossessionParts) {
    this.#parts = parts;
    this.#schemes = parts.dpop === undefined ? ['bearer'] : parts.dpop.required ? ['dpop'] : ['bearer', 'dpop'];
  }

  takes(scheme: Scheme): boolean {
    return this.#schemes.includes(scheme);
  }

  /** @returns synchronously without a DPoP proof. Never rejects because of the content of a request. */
  check(shown: ShownToken): Proven | Promise<Proven> {
    const { confirmation, scheme, request } = shown;
    if (confirmation === undefined) return scheme === 'bearer' ? proven : mismatch;
    if (confirmation === 'unsupported') return mismatch;
    const { jkt, certificate } = confirmation;
    // RFC 9449 §7.1 and §7.2: a bound token needs the scheme DPoP, an unbound one the scheme Bearer.
    if ((scheme === 'dpop') !== (jkt !== undefined)) return mismatch;
    if (certificate !== undefined && certificateThumbprint(request, this.#parts.certificateHeader) !== certificate) {
      return mismatch;
    }
    return jkt === undefined ? proven : this.#checkProof(shown, jkt);
  }

  async #checkProof({ request, token }: ShownToken, jkt: string): Promise<Proven> {
    const { dpop, now, verifySignature } = this.#parts;
    // RFC 9449 §4.3 check 1: exactly one field.
    if (dpop === undefined || countFields(request, 'dpop') !== 1) return invalid;
    const proof = parseProof(fieldOf(request, 'dpop') ?? '', dpop.algorithms);
    if (proof === undefined) return invalid;
    const nowMs = now();
    for (const check of proofChecks) {
      const reason = check({ proof, request, token, jkt, policy: dpop, nowMs });
      if (reason !== undefined) return { outcome: 'rejected', reason };
    }
    // Check 6.
    if (!(await verifySignature(proof, proof.alg, proof.key))) return invalid;
    // Check 10. After the signature: only a client that holds the key receives a nonce.
    const nonce = dpop.nonces === undefined ? 'good' : dpop.nonces.judge(proof.nonce ?? '');
    if (nonce === 'bad') return { outcome: 'rejected', reason: 'dpop_nonce' };
    const seen = await this.#takeOnce(proof, { dpop, nowMs, request });
    if (seen !== 'proven') return seen === 'again' ? { outcome: 'rejected', reason: 'dpop_replay' } : unavailable;
    return nonce === 'late' && dpop.nonces !== undefined ? { outcome: 'proven', nonce: dpop.nonces.current() } : proven;
  }

  /** RFC 9449 §11.1. The last check, so that a proof that is rejected for another reason is not used up. */
  async #takeOnce(
    { jti, iat, key }: DpopProof,
    { dpop, nowMs, request }: { dpop: DpopParts; nowMs: number; request: RequestWithHeaders },
  ): Promise<'proven' | 'again' | 'unknown'> {
    const endsAtMs = iat * 1000 + dpop.proofMaxAgeMs + dpop.clockToleranceMs;
    // A `jti` is unique per key only. One second more, because the clock of the store may run faster.
    const name = hash('sha256', `${key.thumbprint} ${jti}`, 'base64url');
    const taken = await dpop.replays.take(request, name, Math.max(0, endsAtMs - nowMs) + 1000);
    return taken === 'first' ? 'proven' : taken;
  }
}
