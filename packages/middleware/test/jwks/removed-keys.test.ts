import { describe, expect, it } from '@jest/globals';
import { type KeySet, parseKeySet, removedKeys } from '../../src/jwks/parse-key-set.ts';
import { mintEcKey, mintRsaKey } from './minted-keys.ts';

const one = mintEcKey({ kid: 'one' }).jwk;
const two = mintEcKey({ kid: 'two' }).jwk;
const rsa = mintRsaKey({ kid: 'rsa' }).jwk;

function parse(...keys: readonly unknown[]): KeySet {
  const parsed = parseKeySet({ keys }, 100);
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.keySet;
}
const thumbprintOf = (jwk: unknown) => parse(jwk).keys[0]?.thumbprint;

describe('removedKeys', () => {
  it('is empty when keys are only added, listed again, reordered or renamed', () => {
    expect(removedKeys(parse(one), parse(one, two))).toEqual([]);
    expect(removedKeys(parse(one, two), parse(two, one, one))).toEqual([]);
    expect(removedKeys(parse(one), parse({ ...one, kid: 'renamed' }))).toEqual([]);
  });

  it('lists a key that left', () => {
    expect(removedKeys(parse(one, two), parse(two))).toEqual([thumbprintOf(one)]);
  });

  it('lists the old material of a kid that has new material', () => {
    expect(removedKeys(parse(one), parse({ ...two, kid: 'one' }))).toEqual([thumbprintOf(one)]);
  });

  it('lists a key that lost an algorithm or its use', () => {
    expect(removedKeys(parse(rsa), parse({ ...rsa, alg: 'PS256' }))).toEqual([thumbprintOf(rsa)]);
    expect(removedKeys(parse(rsa, one), parse({ ...rsa, use: 'enc' }, one))).toEqual([thumbprintOf(rsa)]);
  });

  it('lists a key once that had two kids', () => {
    expect(removedKeys(parse(one, { ...one, kid: 'again' }, two), parse(two))).toEqual([thumbprintOf(one)]);
  });
});
