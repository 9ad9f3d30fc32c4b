interface Sleeper {
  dueAtMs: number;
  wake(): void;
}

export interface FakeClockOptions {
  /** Start of the monotonic clock. Default 10000, and not 0, to find code that uses 0 for "never". */
  monotonicMs?: number;
  /** Start of the wall clock, in Unix milliseconds. Default 2026-01-01T00:00:00Z. */
  wallMs?: number;
}

/**
 * A clock that advances only by {@link advance}. It implements the clock that the packages take as a parameter.
 *
 * Sleepers wake at their exact time, in order of time and then of the call of `sleep`. All work of a sleeper that does
 * not wait for I/O is done before the next sleeper wakes.
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

  /** Resolves `ms` later on this clock, or when `signal` aborts. Never rejects. */
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

  /** Number of pending sleeps, for example to check that no timer is left. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Advances both clocks by `ms`. Resolves after all due work has run. With 0, only work that is due now runs. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance: expected at least 0 ms, found ${ms}`);
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

  /** Moves only the wall clock, forwards or (negative) backwards, as a correction or a suspend does. */
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

// A turn of the event loop begins only when no microtask is left.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
