/** How long a `kid` may be unknown before its SET is given up, in milliseconds. A new key is published much sooner. */
export const unknownKeyMs = 600_000;

/** SETs whose times are kept. */
const most = 1000;

interface Wait {
  readonly untilMs: number;
  /** Since when every attempt found its `kid` unknown. */
  readonly unknownSinceMs: number | undefined;
}

export interface Attempt {
  readonly nowMs: number;
  /** Milliseconds before the next attempt. */
  readonly waitMs: number;
  /** The key set was fetched, and does not have the `kid`. */
  readonly isKeyUnknown: boolean;
}

/** When each SET that could not be settled is tried again, so that one that waits delays no other. Times are monotonic. */
export class WaitingSets {
  readonly #waits = new Map<string, Wait>();

  isWaiting(key: string, nowMs: number): boolean {
    return nowMs < (this.#waits.get(key)?.untilMs ?? nowMs);
  }

  /** Notes an attempt that failed. @returns false when the SET must be given up: its key was removed for ever. */
  add(key: string, { nowMs, waitMs, isKeyUnknown }: Attempt): boolean {
    const sinceMs = this.#waits.get(key)?.unknownSinceMs ?? nowMs;
    if (isKeyUnknown && nowMs - sinceMs >= unknownKeyMs) return false;
    this.#waits.set(key, { untilMs: nowMs + waitMs, unknownSinceMs: isKeyUnknown ? sinceMs : undefined });
    const [oldest] = this.#waits.keys();
    if (this.#waits.size > most && oldest !== undefined) this.#waits.delete(oldest);
    return true;
  }

  delete(key: string): void {
    this.#waits.delete(key);
  }
}
