/** Allows a burst, then one more per interval. It has no clock: each call passes the time. */
export class TokenBucket {
  readonly #burst: number;
  readonly #intervalMs: number;
  #held: number;
  #countedAtMs: number;

  /** The bucket starts full. Times are monotonic. */
  constructor({ burst, intervalMs }: { burst: number; intervalMs: number }) {
    this.#burst = burst;
    this.#intervalMs = intervalMs;
    this.#held = burst;
    this.#countedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Takes one token if there are more than `leave`. */
  tryTake(nowMs: number, leave = 0): boolean {
    if (this.waitMs(nowMs, leave) > 0) return false;
    this.#held -= 1;
    return true;
  }

  /** Milliseconds until there are more than `leave` tokens, if none is taken meanwhile; 0: there are. */
  waitMs(nowMs: number, leave = 0): number {
    this.#refill(nowMs);
    const missing = leave + 1 - this.#held;
    return missing <= 0 ? 0 : this.#countedAtMs + missing * this.#intervalMs - nowMs;
  }

  #refill(nowMs: number): void {
    const intervals = Math.floor((nowMs - this.#countedAtMs) / this.#intervalMs);
    this.#held = Math.min(this.#burst, this.#held + intervals);
    // A full bucket collects nothing more: its next interval starts when a token is taken.
    this.#countedAtMs = this.#held === this.#burst ? nowMs : this.#countedAtMs + intervals * this.#intervalMs;
  }
}
