/** Allows a burst, then one more per interval. It has no clock: each call passes the time. */
export class TokenBucket {
  readonly #burst: number;
  readonly #intervalMs: number;
  #held: number;
  #countedAtMs: number;

  /** @param nowMs monotonic, as in the other calls. The bucket starts full. */
  constructor({ burst, intervalMs, nowMs }: { burst: number; intervalMs: number; nowMs: number }) {
    this.#burst = burst;
    this.#intervalMs = intervalMs;
    this.#held = burst;
    this.#countedAtMs = nowMs;
  }

  /** Takes one token if there is one. */
  tryTake(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#held === 0) return false;
    this.#held -= 1;
    return true;
  }

  #refill(nowMs: number): void {
    const intervals = Math.floor((nowMs - this.#countedAtMs) / this.#intervalMs);
    this.#held = Math.min(this.#burst, this.#held + intervals);
    // A full bucket collects nothing more: its next interval starts when a token is taken.
    this.#countedAtMs = this.#held === this.#burst ? nowMs : this.#countedAtMs + intervals * this.#intervalMs;
  }
}
