import type { OnceAnswer } from '@revocast/denylist/replica';

/**
 * Remembers which proofs were shown, for as long as they could be shown again (RFC 9449 §11.1). One for all processes
 * behind a name, or a proof is good once at each.
 */
export interface ReplayStore {
  /**
   * Takes a name for `lifetimeMs`.
   *
   * @returns `first` once; `again` while it is taken; `unknown` when nobody can tell, which is our fault. Never rejects.
   */
  take(name: string, lifetimeMs: number): OnceAnswer | Promise<OnceAnswer>;
  close(): Promise<void>;
}

/**
 * The proofs of requests. A request that is verified twice (by the app, and by a stricter route inside of it) shows one
 * proof, and shows it once.
 */
export class RequestProofs {
  readonly #store: ReplayStore;
  readonly #byRequest = new WeakMap<
    object,
    { readonly name: string; readonly answer: OnceAnswer | Promise<OnceAnswer> }
  >();

  constructor(store: ReplayStore) {
    this.#store = store;
  }

  take(request: object, name: string, lifetimeMs: number): OnceAnswer | Promise<OnceAnswer> {
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

/** Proofs shown to this process. At its bound it cannot tell, rather than forget one: a forgotten proof is a stolen one. */
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

  take(name: string, lifetimeMs: number): OnceAnswer {
    const nowMs = this.#now();
    const endsAtMs = this.#endsAtMs.get(name);
    if (endsAtMs !== undefined && nowMs < endsAtMs) return 'again';
    if (endsAtMs !== undefined) this.#endsAtMs.delete(name);
    this.#forget(nowMs);
    if (this.#endsAtMs.size >= this.#maxEntries) return 'unknown';
    this.#endsAtMs.set(name, nowMs + lifetimeMs);
    return 'first';
  }

  async close(): Promise<void> {
    this.#endsAtMs.clear();
  }

  /** Oldest first. Lifetimes are nearly alike, so what is behind the first that still counts can wait. */
  #forget(nowMs: number): void {
    for (const [name, endsAtMs] of this.#endsAtMs) {
      if (nowMs < endsAtMs) return;
      this.#endsAtMs.delete(name);
    }
  }
}
