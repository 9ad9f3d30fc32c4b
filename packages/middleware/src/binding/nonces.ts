import { createHmac } from 'node:crypto';

export interface NonceOptions {
  /** The same in all processes behind one name, so that each accepts the nonces of the others. */
  readonly secret: string;
  /** Milliseconds for which a nonce is valid. */
  readonly lifetimeMs: number;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/**
 * Nonces for DPoP proofs (RFC 9449 §8): unpredictable without the secret, and not stored. Each names the second in which it was
 * made, so that its age does not depend on the lifetime: a longer lifetime never rejects a nonce that a shorter one accepts.
 */
export class Nonces {
  readonly #options: NonceOptions;

  constructor(options: NonceOptions) {
    this.#options = options;
  }

  current(): string {
    return this.#of(this.#nowSeconds());
  }

  /** `late`: still valid, but the response should name the current nonce. */
  judge(nonce: string): 'good' | 'late' | 'bad' {
    const [madeAt = ''] = nonce.split('.', 1);
    const madeAtSeconds = Number.parseInt(madeAt, 36);
    if (!Number.isSafeInteger(madeAtSeconds) || nonce !== this.#of(madeAtSeconds)) return 'bad';
    // Another process may have made it, with a clock that is ahead.
    const ageMs = Math.abs(this.#nowSeconds() - madeAtSeconds) * 1000;
    if (ageMs > this.#options.lifetimeMs) return 'bad';
    return ageMs > this.#options.lifetimeMs / 2 ? 'late' : 'good';
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }

  #of(madeAtSeconds: number): string {
    const proof = createHmac('sha256', this.#options.secret).update(`dpop-nonce ${madeAtSeconds}`);
    return `${madeAtSeconds.toString(36)}.${proof.digest('base64url').slice(0, 22)}`;
  }
}
