import { describe, expect, it } from '@jest/globals';
import type { TrustedIssuer } from '../../src/issuers/trusted-issuer.ts';
import type { KeySource } from '../../src/jwks/key-source.ts';
import type { VerificationKey } from '../../src/jwks/verification-key.ts';
import { cacheKeyOf, TokenCache, type TokenCacheResult, Verified } from '../../src/token/token-cache.ts';
import type { VerifiedToken } from '../../src/token/verified-token.ts';

/** A token with what the cache uses of it. */
function tokenOf(parts: { trusted?: boolean } = {}): VerifiedToken {
  const keys: Partial<KeySource> = { trusts: () => parts.trusted ?? true };
  return { used: false, keyIdentity: 'key', issuer: { keys } } as unknown as VerifiedToken;
}

function cacheOf(maxEntries: number) {
  const results: TokenCacheResult[] = [];
  const cache = new TokenCache({ maxEntries, maxTokenBytes: 100, observe: (result) => results.push(result) });
  const add = (names: string) => {
    for (const name of names) cache.remember(cacheKeyOf(name), tokenOf());
  };
  const held = (names: string) => [...names].filter((name) => cache.peek(`Bearer ${name}`) !== undefined).join('');
  const use = (names: string) => {
    for (const name of names) cache.find(cacheKeyOf(name));
  };
  return { cache, results, add, held, use };
}

describe('a full token cache', () => {
  it('makes room for a new token, and never holds more than its maximum', () => {
    const { cache, add, held } = cacheOf(3);
    add('abcdefg');
    expect({ size: cache.size, held: held('abcdefg') }).toEqual({ size: 3, held: 'efg' });
  });

  it('keeps a token that was used since its last turn, wherever it is', () => {
    const { add, held, use } = cacheOf(3);
    add('abc');
    add('d');
    use('b');
    add('e');
    expect(held('abcde')).toBe('bde');
    use('bd');
    add('f');
    expect(held('abcdef')).toBe('bdf');
  });

  it('makes room also when every token was used', () => {
    const { cache, add, held, use } = cacheOf(3);
    add('abc');
    for (const name of 'defghij') {
      use(held('abcdefghij'));
      add(name);
      expect(cache.size).toBe(3);
    }
    expect(held('j')).toBe('j');
  });

  it('of one entry holds the last token', () => {
    const { add, held } = cacheOf(1);
    add('abc');
    expect(held('abc')).toBe('c');
  });

  it('replaces a token under its own key without removing another', () => {
    const { add, held } = cacheOf(3);
    add('abcb');
    expect(held('abc')).toBe('abc');
  });
});

describe('the token cache', () => {
  it('counts hits, misses, and tokens whose key is no longer trusted, which it removes', () => {
    const { cache, results, add } = cacheOf(3);
    add('a');
    cache.remember(cacheKeyOf('b'), tokenOf({ trusted: false }));
    expect(['a', 'b', 'b'].map((name) => cache.find(cacheKeyOf(name)) !== undefined)).toEqual([true, false, false]);
    expect(results).toEqual(['hit', 'invalidated', 'miss']);
  });

  it.each([
    ['the field of the token', 'Bearer a', true],
    ['the scheme in other letters', 'bearer a', false],
    ['two spaces', 'Bearer  a', false],
    ['another token', 'Bearer aa', false],
    ['a longer field than that of any token', `Bearer ${'a'.repeat(101)}`, false],
    ['no field', undefined, false],
  ])('is asked for %s', (_name, field, found) => {
    const { cache, add } = cacheOf(3);
    add('a');
    cache.remember(cacheKeyOf('a'.repeat(101)), tokenOf());
    expect(cache.peek(field) !== undefined).toBe(found);
  });
});

describe('the key of a token', () => {
  it('is that of the field that was just looked for, and computed where it was another one', () => {
    const { cache } = cacheOf(3);
    for (const field of ['Bearer a', 'bearer a', 'Bearer  a', 'Bearer aa', 'Bearer ', undefined]) {
      cache.peek(field);
      for (const token of ['a', 'aa', ' a', '']) expect(cache.keyOf(token)).toBe(cacheKeyOf(token));
      cache.forgetMissed();
      expect(cache.keyOf('a')).toBe(cacheKeyOf('a'));
    }
  });
});

describe('a token that was used once', () => {
  const issuerWith = (trusted: boolean) => ({ keys: { trusts: () => trusted } }) as unknown as TrustedIssuer;
  const key = { identity: 'key' } as unknown as VerificationKey;

  it('is found with its issuer and key, and not by its field: its next request is decided by all steps', () => {
    const { cache, results } = cacheOf(3);
    const issuer = issuerWith(true);
    cache.noteVerified(cacheKeyOf('a'), issuer, key);
    expect(cache.peek('Bearer a')).toBeUndefined();
    expect(cache.find(cache.keyOf('a'))).toEqual(new Verified(issuer, key));
    expect(results).toEqual(['hit']);
  });

  it('shares its record with others of the same issuer and key only', () => {
    const { cache } = cacheOf(9);
    const [issuer, other] = [issuerWith(true), issuerWith(true)];
    const otherKey = { identity: 'other' } as unknown as VerificationKey;
    const noted = [
      [issuer, key],
      [issuer, key],
      [other, key],
      [issuer, otherKey],
    ] as const;
    for (const [index, [of, by]] of noted.entries()) cache.noteVerified(`${index}`, of, by);
    for (const [index, [of, by]] of noted.entries()) {
      const held = cache.find(`${index}`);
      expect(held instanceof Verified && held.issuer === of && held.key === by).toBe(true);
    }
  });

  it('is removed when its key is no longer trusted', () => {
    const { cache, results } = cacheOf(3);
    cache.noteVerified('a', issuerWith(false), key);
    expect([cache.find('a'), cache.size, results]).toEqual([undefined, 0, ['invalidated']]);
  });

  it('makes room before one that was used again', () => {
    const { cache, add, held, use } = cacheOf(2);
    add('a');
    use('a');
    cache.noteVerified(cacheKeyOf('b'), issuerWith(true), key);
    add('c');
    expect([held('ac'), cache.find(cacheKeyOf('b')), cache.size]).toEqual(['ac', undefined, 2]);
  });
});
