import { createHmac } from 'node:crypto';

export interface NonceOptions {
  /** Shared by the processes behind one name: a nonce of one is then good at the others. */
  readonly secret: string;
  /** Milliseconds: a nonce is good for one to two of these. */
  readonly lifetimeMs: number;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/**
 * Nonces for DPoP proofs (RFC 9449 §8): unpredictable without the secret, and never stored. One for each period of time;
 * that of the period before is still good, so that nobody is turned away in the moment of the change.
 */
export class Nonces {
  readonly #options: NonceOptions;

  constructor(options: NonceOptions) {
    this.#options = options;
  }

  current(): string {
    return this.#of(this.#period());
  }

  /** `late`: still good, but the client should be told the current one. */
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
