import type { ReplayAnswer } from '@revocast/denylist/replica';

/**
 * Remembers used proofs for as long as they would be valid (RFC 9449 §11.1). With a store per process, each process accepts a
 * proof once.
 */
export interface ReplayStore {
  /**
   * Takes a name for `lifetimeMs`.
   *
   * @returns `first` once; `again` while it is taken; `unknown` when the store cannot decide: an outage. Never rejects.
   */
  take(name: string, lifetimeMs: number): ReplayAnswer | Promise<ReplayAnswer>;
  close(): Promise<void>;
}

/**
 * The proofs of requests. A request may be verified twice, by the app and by a stricter route in it: its proof is used
 * once.
 */
export class RequestProofs {
  readonly #store: ReplayStore;
  readonly #byRequest = new WeakMap<
    object,
    { readonly name: string; readonly answer: ReplayAnswer | Promise<ReplayAnswer> }
  >();

  constructor(store: ReplayStore) {
    this.#store = store;
  }

  take(request: object, name: string, lifetimeMs: number): ReplayAnswer | Promise<ReplayAnswer> {
    const known = this.#byRequest.get(request);
    if (known?.name === name) return known.answer;
    const answer = this.#store.take(name, lifetimeMs);
    this.#byRequest.set(request, { name, answer });
    return answer;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** Used proofs of this process. At its bound it answers `unknown`: to remove a proof would allow its replay. */
export class MemoryReplayStore implements ReplayStore {
  readonly #endsAtMs = new Map<string, number>();
  readonly #maxEntries: number;
  readonly #now: () => number;

  /** @param now monotonic milliseconds. */
  constructor({ maxEntries, now }: { maxEntries: number; now: () => number }) {
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  get size(): number {
    return this.#endsAtMs.size;
  }

  take(name: string, lifetimeMs: number): ReplayAnswer {
    const nowMs = this.#now();
    const endsAtMs = this.#endsAtMs.get(name);
    if (endsAtMs !== undefined && nowMs < endsAtMs) return 'again';
    if (endsAtMs !== undefined) this.#endsAtMs.delete(name);
    this.#removeEnded(nowMs);
    if (this.#endsAtMs.size >= this.#maxEntries) return 'unknown';
    this.#endsAtMs.set(name, nowMs + lifetimeMs);
    return 'first';
  }

  async close(): Promise<void> {
    this.#endsAtMs.clear();
  }

  /** Oldest first. Lifetimes are nearly equal, so that it stops at the first proof that is still valid. */
  #removeEnded(nowMs: number): void {
    for (const [name, endsAtMs] of this.#endsAtMs) {
      if (nowMs < endsAtMs) return;
      this.#endsAtMs.delete(name);
    }
  }
}
