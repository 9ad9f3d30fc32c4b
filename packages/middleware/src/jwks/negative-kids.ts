/** `seenAfter`: number of the last refresh started before the kid was seen. `refutedAtMs`: a later one did not find it. */
interface NegativeKid {
  readonly seenAfter: number;
  refutedAtMs?: number;
}

/**
 * Remembers kids that are not in the key set. Only a refresh that was *started* after a kid was first seen can show that the
 * issuer does not have it: one that was already running may return the set from before a rotation.
 * Bounded: at the bound a further kid is not remembered, because any token may name one. It costs at most one more refresh.
 */
export class NegativeKids {
  readonly #kids = new Map<string, NegativeKid>();
  readonly #max: number;
  readonly #lifetimeMs: number;

  constructor({ max, lifetimeMs }: { max: number; lifetimeMs: number }) {
    this.#max = max;
    this.#lifetimeMs = lifetimeMs;
  }

  get size(): number {
    return this.#kids.size;
  }

  /** Adds a kid unless it is known or the bound is reached. Returns the number of the last refresh that was started before it was seen. */
  see(kid: string, lastStarted: number): number {
    const known = this.#kids.get(kid);
    if (known !== undefined) return known.seenAfter;
    if (this.#kids.size < this.#max) this.#kids.set(kid, { seenAfter: lastStarted });
    return lastStarted;
  }

  /** Returns whether a refresh less than the lifetime ago has shown that the issuer does not have this kid. */
  isRefuted(kid: string, nowMs: number): boolean {
    const refutedAtMs = this.#kids.get(kid)?.refutedAtMs;
    if (refutedAtMs === undefined) return false;
    if (nowMs - refutedAtMs < this.#lifetimeMs) return true;
    this.#kids.delete(kid);
    return false;
  }

  /** After a successful refresh: refutes the kids that waited for it, and removes those that an earlier one refuted. */
  settle(refresh: number, nowMs: number): void {
    for (const [kid, negative] of this.#kids) {
      if (negative.refutedAtMs !== undefined) this.#kids.delete(kid);
      else if (refresh > negative.seenAfter) negative.refutedAtMs = nowMs;
    }
  }
}
