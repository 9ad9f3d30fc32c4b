interface Sleeper {
  dueAtMs: number;
  wake(): void;
}

export interface FakeClockOptions {
  /** Start of the monotonic clock. Default 10000, and not 0, to find code that uses 0 for "never". */
  monotonicMs?: number;
  /** Start of the wall clock, in Unix milliseconds. Default 2026-01-01T00:00:00Z. */
  wallMs?: number;
  /** Whether work that is due may wait for I/O that is ready. Default true; false is faster, where there is no I/O. */
  hasIo?: boolean;
}

/** A sleep that is ended early without an AbortSignal, which costs more than all the rest of a simulated wait. */
export interface Nap {
  readonly over: Promise<void>;
  readonly wake: () => void;
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
  /** Those that a signal wakes. One listener for all of them. */
  readonly #sleepersOf = new WeakMap<AbortSignal, Set<Sleeper>>();
  readonly #settled: () => Promise<void>;

  constructor({ monotonicMs = 10_000, wallMs = Date.UTC(2026, 0, 1), hasIo = true }: FakeClockOptions = {}) {
    this.#settled = hasIo ? turnEnds : microtasksEnd;
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
    return this.#nap(ms, signal === undefined ? undefined : this.#wokenBy(signal)).over;
  }

  /** Ends `ms` later on this clock, or at `wake`. */
  nap(ms: number): Nap {
    return this.#nap(ms);
  }

  #nap(ms: number, group?: Set<Sleeper>): Nap {
    let resolve = () => {};
    const over = new Promise<void>((end) => {
      resolve = end;
    });
    const wake = (): void => {
      this.#sleepers.delete(sleeper);
      group?.delete(sleeper);
      resolve();
    };
    const sleeper: Sleeper = { dueAtMs: this.#monotonicMs + Math.max(0, ms), wake };
    this.#sleepers.add(sleeper);
    group?.add(sleeper);
    return { over, wake };
  }

  #wokenBy(signal: AbortSignal): Set<Sleeper> {
    const known = this.#sleepersOf.get(signal);
    if (known !== undefined) return known;
    const sleepers = new Set<Sleeper>();
    this.#sleepersOf.set(signal, sleepers);
    const wakeAll = (): void => {
      for (const { wake } of sleepers) wake();
    };
    signal.addEventListener('abort', wakeAll, { once: true });
    return sleepers;
  }

  /** Number of pending sleeps, for example to check that no timer is left. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Advances both clocks by `ms`. Resolves after all due work has run. With 0, only work that is due now runs. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance: expected at least 0 ms, found ${ms}`);
    const endsAtMs = this.#monotonicMs + ms;
    await this.#settled();
    for (let next = this.#next(endsAtMs); next !== undefined; next = this.#next(endsAtMs)) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueAtMs);
      next.wake();
      await this.#settled();
    }
    this.#monotonicMs = endsAtMs;
    await this.#settled();
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
function turnEnds(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

// A tick that begins in a microtask ends after all others.
async function microtasksEnd(): Promise<void> {
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
}
