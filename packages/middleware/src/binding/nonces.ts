import { createHmac } from 'node:crypto';

export interface NonceOptions {
  /** The same in all processes behind one name, so that each accepts the nonces of the others. */
  readonly secret: string;
  /** Milliseconds. A nonce is valid for one to two of these periods. */
  readonly lifetimeMs: number;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/**
 * Nonces for DPoP proofs (RFC 9449 §8): unpredictable without the secret, and not stored. There is one per period. The nonce
 * of the period before is still valid, so that a change of period rejects no request.
 */
export class Nonces {
  readonly #options: NonceOptions;

  constructor(options: NonceOptions) {
    this.#options = options;
  }

  current(): string {
    return this.#of(this.#period());
  }

  /** `late`: still valid, but the response should name the current nonce. */
  judge(nonce: string): 'good' | 'late' | 'bad' {
    const period = this.#period();
    if (nonce === this.#of(period)) return 'good';
    return nonce === this.#of(period - 1) ? 'late' : 'bad';
  }

  #period(): number {
    return Math.floor(this.#options.now() / this.#options.lifetimeMs);
  }

  #of(period: number): string {
    return createHmac('sha256', this.#options.secret).update(`dpop-nonce ${period}`).digest('base64url').slice(0, 22);
  }
}
