import type { DigestSet, Verdict } from '@revocast/denylist/replica';
import { LRUCache } from 'lru-cache';

/** How long a verdict of the log is reused, from the start of its look-up: a part of the stated bound on enforcement. */
export const memoLifetimeMs = 1000;

const maxEntries = 10_000;

interface RememberedVerdict {
  readonly verdict: Verdict;
  /** Monotonic milliseconds at the start of the look-up. */
  readonly askedAtMs: number;
}

/**
 * Avoids a second look-up of a token within a second, while this process needs look-ups. "Unknown" is never kept: the next
 * look-up may succeed.
 */
export class VerdictMemo {
  readonly #entries = new LRUCache<string, RememberedVerdict>({ max: maxEntries });

  recall(digests: DigestSet, issuedAt: number, nowMs: number): Verdict | undefined {
    const key = keyOf(digests, issuedAt);
    const held = this.#entries.get(key);
    if (held === undefined) return undefined;
    if (nowMs - held.askedAtMs < memoLifetimeMs) return held.verdict;
    this.#entries.delete(key);
    return undefined;
  }

  remember(digests: DigestSet, issuedAt: number, held: RememberedVerdict): void {
    if (held.verdict.verdict !== 'unknown') this.#entries.set(keyOf(digests, issuedAt), held);
  }
}

function keyOf({ words }: DigestSet, issuedAt: number): string {
  return `${words.join()},${issuedAt}`;
}
