import type { Random } from '../clock.ts';

export interface BackoffOptions {
  /** Milliseconds: upper bound of the first pause. */
  readonly firstMs: number;
  /** Milliseconds: upper bound of every pause. */
  readonly maxMs: number;
  readonly random: Random;
}

/** Pauses between attempts. Their bound doubles; full jitter keeps the processes of a fleet from retrying together. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait before the next attempt; at least a tenth of `firstMs`. */
  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options;
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.max(firstMs / 10, random() * bound);
  }
}
