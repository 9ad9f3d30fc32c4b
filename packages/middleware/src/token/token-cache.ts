import { hash } from 'node:crypto';
import type { VerifiedToken } from './verified-token.ts';

export type TokenCacheResult = 'hit' | 'miss' | 'invalidated';

export interface TokenCacheOptions {
  readonly maxEntries: number;
  /** No longer token is remembered. */
  readonly maxTokenBytes: number;
  readonly observe?: (result: TokenCacheResult) => void;
}

/**
 * Tokens that were verified before. The key is the hash of the complete token, with its signature: without it, a forged copy
 * of a token would hit. The token itself is not kept.
 *
 * A full cache visits its tokens in turn to make room, and keeps each one that was used since the last visit (the algorithm
 * "clock", or second chance). So a use writes one bit of one token. A list in the order of use would write to other tokens too,
 * which are in no cache of the processor.
 */
export class TokenCache {
  readonly maxEntries: number;
  readonly #maxFieldLength: number;
  readonly #tokens = new Map<string, VerifiedToken>();
  readonly #observe: ((result: TokenCacheResult) => void) | undefined;
  /** Goes on where it stopped, also over tokens that were added since. */
  #turn = this.#tokens.entries();

  constructor({ maxEntries, maxTokenBytes, observe }: TokenCacheOptions) {
    this.maxEntries = maxEntries;
    this.#maxFieldLength = fieldOf('').length + maxTokenBytes;
    this.#observe = observe;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /**
   * Finds a token by an `Authorization` field of the usual spelling, `Bearer` and one space. The hash covers the field, so that
   * the field is well-formed when a token is found. Nothing is checked or counted.
   */
  peek(field: string | undefined): VerifiedToken | undefined {
    if (field === undefined || field.length > this.#maxFieldLength) return undefined;
    return this.#tokens.get(hashOf(field));
  }

  /**
   * @returns the verified token, unless its issuer or key is no longer trusted: then it is verified again. The caller checks
   * time and revocation on every request.
   */
  find(cacheKey: string): VerifiedToken | undefined {
    const known = this.#tokens.get(cacheKey);
    if (known === undefined) {
      this.#observe?.('miss');
      return undefined;
    }
    const { issuer, keyIdentity } = known;
    if (issuer.isTrusted?.() === false || !issuer.keys.trusts(keyIdentity)) {
      this.#tokens.delete(cacheKey);
      this.#observe?.('invalidated');
      return undefined;
    }
    this.noteUse(known);
    return known;
  }

  noteUse(known: VerifiedToken): void {
    known.used = true;
    this.#observe?.('hit');
  }

  remember(cacheKey: string, token: VerifiedToken): void {
    if (this.#tokens.size >= this.maxEntries && !this.#tokens.has(cacheKey)) this.#makeRoom();
    this.#tokens.set(cacheKey, token);
  }

  /** Ends within one turn and one step: it marks each token that it passes as unused. */
  #makeRoom(): void {
    for (;;) {
      const { done, value } = this.#turn.next();
      if (done) {
        this.#turn = this.#tokens.entries();
        continue;
      }
      const [cacheKey, token] = value;
      if (!token.used) {
        this.#tokens.delete(cacheKey);
        return;
      }
      token.used = false;
    }
  }
}

/** SHA-256 of the complete token as the usual `Authorization` field has it, base64url. Takes less than a microsecond. */
export function cacheKeyOf(token: string): string {
  return hashOf(fieldOf(token));
}

function fieldOf(token: string): string {
  return `Bearer ${token}`;
}

function hashOf(field: string): string {
  return hash('sha256', field, 'base64url');
}
