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

/** A proof with a valid signature. */
export interface UsedProof {
  /** A hash of its key and its `jti`. */
  readonly name: string;
  /** The thumbprint of its key. */
  readonly jkt: string;
  readonly lifetimeMs: number;
}

/** `full`: the key of the proof has as many proofs in memory as it may. */
export type ProofAnswer = ReplayAnswer | 'full';

/**
 * The proofs of requests. A request may be verified twice, by the app and by a stricter route in it: its proof is used
 * once. A store for all processes is asked only about proofs for which this process has room: a client cannot fill it.
 */
export class RequestProofs {
  readonly #memory: ProofMemory;
  readonly #store: ReplayStore | undefined;
  readonly #byRequest = new WeakMap<
    object,
    { readonly name: string; readonly answer: ProofAnswer | Promise<ProofAnswer> }
  >();

  constructor(memory: ProofMemory, store?: ReplayStore) {
    this.#memory = memory;
    this.#store = store;
  }

  take(request: object, proof: UsedProof): ProofAnswer | Promise<ProofAnswer> {
    const known = this.#byRequest.get(request);
    if (known?.name === proof.name) return known.answer;
    const held = this.#memory.take(proof);
    const answer = held === 'first' && this.#store !== undefined ? this.#ask(this.#store, proof) : held;
    this.#byRequest.set(request, { name: proof.name, answer });
    return answer;
  }

  /** Counts a proof that is rejected for its nonce: it takes a place of its key. False: the key has none left. */
  countChallenge(proof: UsedProof): boolean {
    return this.#memory.take(proof) !== 'full';
  }

  async close(): Promise<void> {
    this.#memory.clear();
    await this.#store?.close();
  }

  /** A proof about which the store has not answered is not used up: the client may repeat the request. */
  async #ask(store: ReplayStore, { name, lifetimeMs }: UsedProof): Promise<ProofAnswer> {
    let answer: ReplayAnswer = 'unknown';
    try {
      answer = await store.take(name, lifetimeMs);
      return answer;
    } finally {
      if (answer === 'unknown') this.#memory.release(name);
    }
  }
}

/**
 * Used proofs of this process. None is removed to make room, because that would allow its replay. Instead, a key may have as
 * many as are still free: one key takes half of the memory at most, and leaves the same for all others.
 */
export class ProofMemory {
  /** In the order of their ends, nearly: lifetimes differ by the age of a proof. */
  readonly #proofs = new Map<string, { readonly jkt: string; readonly endsAtMs: number }>();
  readonly #counts = new Map<string, number>();
  readonly #maxEntries: number;
  readonly #now: () => number;

  /** @param now monotonic milliseconds. */
  constructor({ maxEntries, now }: { maxEntries: number; now: () => number }) {
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  get size(): number {
    return this.#proofs.size;
  }

  take({ name, jkt, lifetimeMs }: UsedProof): 'first' | 'again' | 'full' {
    const nowMs = this.#now();
    const held = this.#proofs.get(name);
    if (held !== undefined && nowMs < held.endsAtMs) return 'again';
    this.release(name);
    this.#removeEnded(nowMs);
    const count = this.#counts.get(jkt) ?? 0;
    if (count >= this.#maxEntries - this.#proofs.size) return 'full';
    this.#proofs.set(name, { jkt, endsAtMs: nowMs + lifetimeMs });
    this.#counts.set(jkt, count + 1);
    return 'first';
  }

  release(name: string): void {
    const held = this.#proofs.get(name);
    if (held === undefined) return;
    this.#proofs.delete(name);
    const left = (this.#counts.get(held.jkt) ?? 0) - 1;
    if (left > 0) this.#counts.set(held.jkt, left);
    else this.#counts.delete(held.jkt);
  }

  clear(): void {
    this.#proofs.clear();
    this.#counts.clear();
  }

  /** Oldest first. It stops at the first proof that is still valid. */
  #removeEnded(nowMs: number): void {
    for (const [name, { endsAtMs }] of this.#proofs) {
      if (nowMs < endsAtMs) return;
      this.release(name);
    }
  }
}
