import { describe, expect, it } from '@jest/globals';
import { hasSameKeys, type KeySet, parseKeySet } from '../../src/jwks/parse-key-set.ts';
import { mintEcKey, mintRsaKey } from './minted-keys.ts';

const one = mintEcKey({ kid: 'one' }).jwk;
const two = mintEcKey({ kid: 'two' }).jwk;
const rsa = mintRsaKey({ kid: 'rsa' }).jwk;

function parse(...keys: readonly unknown[]): KeySet {
  const parsed = parseKeySet({ keys }, 100);
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.keySet;
}

describe('hasSameKeys', () => {
  it.each([
    ['listed twice', [one], [one, one]],
    ['in another order', [one, two], [two, one]],
    ['with another kid', [one], [{ ...one, kid: 'renamed' }]],
  ])('is true for keys %s', (_how, before, after) => {
    expect(hasSameKeys(parse(...before), parse(...after))).toBe(true);
  });

  it.each([
    ['was added', [one], [one, two]],
    ['was removed', [one, two], [two]],
    ['has new material', [one, two], [one, { ...rsa, kid: 'two' }]],
    ['lost an algorithm', [rsa], [{ ...rsa, alg: 'PS256' }]],
  ])('is false when a key %s', (_how, before, after) => {
    expect(hasSameKeys(parse(...before), parse(...after))).toBe(false);
  });
});
