import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { VerifiedToken } from './verified-token.ts';

export type TokenCacheResult = 'hit' | 'miss' | 'invalidated';

/**
 * Tokens that were verified before. The key is the hash of the complete token, with its signature: without it, a forged copy
 * of a token would hit. The token itself is not kept.
 */
export class TokenCache {
  readonly #entries: LRUCache<string, VerifiedToken>;
  readonly #observe: ((result: TokenCacheResult) => void) | undefined;

  constructor({ maxEntries, observe }: { maxEntries: number; observe?: (result: TokenCacheResult) => void }) {
    this.#entries = new LRUCache({ max: maxEntries });
    this.#observe = observe;
  }

  get size(): number {
    return this.#entries.size;
  }

  get maxEntries(): number {
    return this.#entries.max;
  }

  /**
   * @returns the verified token, unless its issuer or key is no longer trusted: then it is verified again. The caller checks
   * time and revocation on every request.
   */
  find(cacheKey: string): VerifiedToken | undefined {
    const known = this.#entries.get(cacheKey);
    if (known === undefined) {
      this.#observe?.('miss');
      return undefined;
    }
    const { issuer, keyIdentity } = known;
    if (issuer.isTrusted?.() === false || !issuer.keys.trusts(keyIdentity)) {
      this.#entries.delete(cacheKey);
      this.#observe?.('invalidated');
      return undefined;
    }
    this.#observe?.('hit');
    return known;
  }

  remember(cacheKey: string, token: VerifiedToken): void {
    this.#entries.set(cacheKey, token);
  }
}

/** SHA-256 of the complete token, base64url. Takes less than a microsecond. */
export function cacheKeyOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
