import { hash } from 'node:crypto';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import type { VerificationKey } from '../jwks/verification-key.ts';
import type { VerifiedToken } from './verified-token.ts';

export type TokenCacheResult = 'hit' | 'miss' | 'invalidated';

/**
 * What the cache keeps of a token that was used once: the issuer and the key that verified it, in one object for all tokens
 * of this key. The request that uses the token again brings its claims. Most tokens of some APIs are used once, and the garbage
 * collector copies what a token keeps twice before it leaves it alone.
 */
export class Verified {
  readonly issuer: TrustedIssuer;
  readonly key: VerificationKey;

  constructor(issuer: TrustedIssuer, key: VerificationKey) {
    this.issuer = issuer;
    this.key = key;
  }
}

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
  readonly #tokens = new Map<string, VerifiedToken | Verified>();
  /** Of the last token that was verified. */
  #verified: Verified | undefined;
  readonly #observe: ((result: TokenCacheResult) => void) | undefined;
  /** What {@link peek} did not find, until the end of that request. */
  #missed: { readonly field: string; readonly cacheKey: string } | undefined;
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
   * the field is well-formed when a token is found. Nothing is checked or counted. The next {@link keyOf} uses the same hash.
   */
  peek(field: string | undefined): VerifiedToken | undefined {
    if (field === undefined || field.length > this.#maxFieldLength) return undefined;
    const cacheKey = hashOf(field);
    const known = this.#tokens.get(cacheKey);
    if (known !== undefined && !(known instanceof Verified)) return known;
    this.#missed = { field, cacheKey };
    return undefined;
  }

  /** {@link cacheKeyOf} a token. The hash of a field that {@link peek} has just missed is not computed again. */
  keyOf(token: string): string {
    const missed = this.#missed;
    return missed !== undefined && isFieldOf(token, missed.field) ? missed.cacheKey : cacheKeyOf(token);
  }

  /** To be called before the end of each request that {@link peek} has seen: this cache keeps no token. */
  forgetMissed(): void {
    this.#missed = undefined;
  }

  /**
   * @returns the verified token, or what is kept of its first use; undefined if its issuer or key is no longer trusted: then it
   * is verified again. The caller checks time and revocation on every request.
   */
  find(cacheKey: string): VerifiedToken | Verified | undefined {
    const known = this.#tokens.get(cacheKey);
    if (known === undefined) {
      this.#observe?.('miss');
      return undefined;
    }
    const { issuer } = known;
    const keyIdentity = known instanceof Verified ? known.key.identity : known.keyIdentity;
    if (issuer.isTrusted?.() === false || !issuer.keys.trusts(keyIdentity)) {
      this.#tokens.delete(cacheKey);
      this.#observe?.('invalidated');
      return undefined;
    }
    if (known instanceof Verified) this.#observe?.('hit');
    else this.noteUse(known);
    return known;
  }

  noteUse(known: VerifiedToken): void {
    known.used = true;
    this.#observe?.('hit');
  }

  /** Notes the first use of a token. */
  noteVerified(cacheKey: string, issuer: TrustedIssuer, key: VerificationKey): void {
    if (this.#verified?.issuer !== issuer || this.#verified.key !== key) this.#verified = new Verified(issuer, key);
    this.remember(cacheKey, this.#verified);
  }

  remember(cacheKey: string, token: VerifiedToken | Verified): void {
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
      if (token instanceof Verified || !token.used) {
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

const scheme = 'Bearer ';

function fieldOf(token: string): string {
  return `${scheme}${token}`;
}

function isFieldOf(token: string, field: string): boolean {
  return field.length === scheme.length + token.length && field.startsWith(scheme) && field.endsWith(token);
}

function hashOf(field: string): string {
  return hash('sha256', field, 'base64url');
}
