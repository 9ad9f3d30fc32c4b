import type { KeyLookup, KeyQuery, KeySource, KeySourceObserver, KeySourceStatus } from './key-source.ts';
import type { KeySet } from './parse-key-set.ts';
import { selectKey } from './select-key.ts';

/** A key set given in the options (`jwks`): never refreshed, never stale, never unavailable. */
export class StaticKeySet implements KeySource {
  readonly #keySet: KeySet;
  readonly #observer: KeySourceObserver;

  constructor(keySet: KeySet, observer: KeySourceObserver = {}) {
    this.#keySet = keySet;
    this.#observer = observer;
    observer.keysHeld?.(keySet.keys.length);
  }

  findKey(query: KeyQuery): KeyLookup {
    const selection = selectKey(this.#keySet, query);
    this.#observer.keyLookedUp?.(selection.outcome === 'found' ? 'found' : selection.reason);
    return selection;
  }

  trusts(identity: string): boolean {
    return this.#keySet.identities.has(identity);
  }

  settledAt(): object {
    return this.#keySet;
  }

  async prefetch(): Promise<boolean> {
    return true;
  }

  status(): KeySourceStatus {
    const { keys, skipped } = this.#keySet;
    return { state: 'fresh', keys: keys.length, skipped, consecutiveFailures: 0, retryAfterMs: 0 };
  }

  close(): void {}
}
