interface Sleeper {
  dueAtMs: number;
  wake(): void;
}

export interface FakeClockOptions {
  /** Where the monotonic clock starts. Default 10000: not 0, so that code which takes 0 for "never" shows itself. */
  monotonicMs?: number;
  /** Where the wall clock starts, in Unix milliseconds. Default 2026-01-01T00:00:00Z. */
  wallMs?: number;
}

/**
 * A clock that stands still until it is stepped. Has the shape of the clock that the packages take as a parameter.
 *
 * A sleeper wakes at its exact moment, in order of time and then of arrival, and everything that it does without waiting
 * for I/O is done before the next one wakes.
 */
export class FakeClock {
  #monotonicMs: number;
  #wallAheadMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor({ monotonicMs = 10_000, wallMs = Date.UTC(2026, 0, 1) }: FakeClockOptions = {}) {
    this.#monotonicMs = monotonicMs;
    this.#wallAheadMs = wallMs - monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#monotonicMs + this.#wallAheadMs;
  }

  /** Resolves `ms` later on this clock, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { dueAtMs: this.#monotonicMs + Math.max(0, ms), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** How many sleep now: whether code under test has come to rest, or left a timer behind. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Lets `ms` pass on both clocks; resolves when everything that became due has run. 0 runs what is due now. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance: at least 0 ms, got ${ms}`);
    const endsAtMs = this.#monotonicMs + ms;
    await settled();
    for (let next = this.#next(endsAtMs); next !== undefined; next = this.#next(endsAtMs)) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueAtMs);
      next.wake();
      await settled();
    }
    this.#monotonicMs = endsAtMs;
    await settled();
  }

  /** Moves the wall clock alone, forwards or (negative) backwards: a correction, or a machine that was suspended. */
  jumpWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  #next(endsAtMs: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueAtMs <= endsAtMs && (first === undefined || sleeper.dueAtMs < first.dueAtMs)) first = sleeper;
    }
    return first;
  }
}

// A turn of the event loop begins only when no microtask is left, however long their chain.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
