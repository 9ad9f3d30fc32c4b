import { LRUCache } from 'lru-cache';

/** `askedAfter`: the refresh a kid waits for must have a later number. `refutedAtMs`: such a refresh did not bring it. */
interface NegativeKid {
  readonly askedAfter: number;
  refutedAtMs?: number;
}

/**
 * Remembers kids that are not in the key set, each with the refresh that can refute it: one that was *started* after the
 * kid was first seen. A refresh already under way may carry the set from before a rotation, so it proves nothing.
 * Bounded: the least recently seen kid is forgotten, which costs at most one more question to the issuer.
 */
export class NegativeKids {
  readonly #kids: LRUCache<string, NegativeKid>;
  readonly #lifetimeMs: number;

  constructor({ max, lifetimeMs }: { max: number; lifetimeMs: number }) {
    // No ttl of the cache's own: it counts an entry as alive at exactly its ttl, and reads its own clock.
    this.#kids = new LRUCache({ max });
    this.#lifetimeMs = lifetimeMs;
  }

  get size(): number {
    return this.#kids.size;
  }

  /** Notes a kid, unless it is known, and returns the number of the last refresh that was started before it was seen. */
  see(kid: string, lastStarted: number): number {
    const known = this.#kids.get(kid);
    if (known !== undefined) return known.askedAfter;
    this.#kids.set(kid, { askedAfter: lastStarted });
    return lastStarted;
  }

  /** Says whether a refresh has shown, less than the lifetime ago, that the issuer does not have this kid. */
  isRefuted(kid: string, nowMs: number): boolean {
    const refutedAtMs = this.#kids.get(kid)?.refutedAtMs;
    if (refutedAtMs === undefined) return false;
    if (nowMs - refutedAtMs < this.#lifetimeMs) return true;
    this.#kids.delete(kid);
    return false;
  }

  /** Takes the news of a successful refresh: what waited for it is refuted, what an earlier one refuted is forgotten. */
  settle(refresh: number, nowMs: number): void {
    for (const [kid, negative] of [...this.#kids.entries()]) {
      if (negative.refutedAtMs !== undefined) this.#kids.delete(kid);
      else if (refresh > negative.askedAfter) negative.refutedAtMs = nowMs;
    }
  }
}
