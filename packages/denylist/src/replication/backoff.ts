import type { Random } from '../clock.ts';

export interface BackoffOptions {
  /** Milliseconds: the longest first pause. */
  readonly firstMs: number;
  /** Milliseconds: no pause is longer. */
  readonly maxMs: number;
  readonly random: Random;
}

/** Pauses between attempts: doubling, with full jitter so that a fleet does not return as one, never a hot loop. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait before the next attempt; at least a tenth of the first pause. */
  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.max(firstMs / 10, random() * ceiling);
  }
}
