import { describe, expect, it } from '@jest/globals';
import { parseKeySet } from '../../src/jwks/parse-key-set.ts';
import { selectKey } from '../../src/jwks/select-key.ts';
import { mintEcKey, mintRsaKey } from './minted-keys.ts';

const ec = mintEcKey({ kid: 'ec' }).jwk;
const rsa = mintRsaKey({ kid: 'rsa', alg: 'RS256' }).jwk;
const other = mintEcKey({ kid: 'ec' }).jwk;

function selectFrom(keys: readonly unknown[], query: { kid?: string; alg: string }) {
  const parsed = parseKeySet({ keys }, 100);
  if (!parsed.ok) throw new Error(parsed.code);
  const selection = selectKey(parsed.keySet, query);
  return selection.outcome === 'found' ? (selection.key.kid ?? 'nameless') : selection.reason;
}

describe('selectKey', () => {
  it.each([
    ['finds the key of a kid', [ec, rsa], { kid: 'ec', alg: 'ES256' }, 'ec'],
    ['rejects an unknown kid', [ec, rsa], { kid: 'another', alg: 'ES256' }, 'unknown_kid'],
    ['rejects an empty kid', [ec, rsa], { kid: '', alg: 'ES256' }, 'unknown_kid'],
    ['does not take a member name for a kid', [ec], { kid: 'constructor', alg: 'ES256' }, 'unknown_kid'],
    [
      'does not give a nameless key to a named one',
      [{ ...ec, kid: undefined }],
      { kid: 'ec', alg: 'ES256' },
      'unknown_kid',
    ],
    ['refuses another algorithm than the alg of the key', [rsa], { kid: 'rsa', alg: 'PS256' }, 'alg_not_allowed'],
    [
      'refuses ES256 on another curve',
      [mintEcKey({ kid: 'ec' }, 'P-384').jwk],
      { kid: 'ec', alg: 'ES256' },
      'alg_not_allowed',
    ],
    ['refuses HS256 with a public key', [rsa], { kid: 'rsa', alg: 'HS256' }, 'alg_not_allowed'],
    ['refuses none', [rsa], { kid: 'rsa', alg: 'none' }, 'alg_not_allowed'],
    ['refuses a kid of a skipped key', [ec, { ...rsa, use: 'enc' }], { kid: 'rsa', alg: 'RS256' }, 'key_not_usable'],
    ['does not guess between two keys of one kid', [ec, other], { kid: 'ec', alg: 'ES256' }, 'key_not_usable'],
    ['distinguishes two keys of one kid by algorithm', [ec, { ...rsa, kid: 'ec' }], { kid: 'ec', alg: 'RS256' }, 'ec'],
    ['takes a key listed twice', [ec, ec, { ...ec, use: 'sig', alg: 'ES256' }], { kid: 'ec', alg: 'ES256' }, 'ec'],
    ['needs no kid when one key fits the algorithm', [ec, rsa], { alg: 'ES256' }, 'ec'],
    ['needs no kid when the one key has none', [{ ...ec, kid: undefined }, rsa], { alg: 'ES256' }, 'nameless'],
    ['needs a kid when two keys fit', [ec, { ...other, kid: 'other' }], { alg: 'ES256' }, 'missing_kid'],
    ['needs a kid when no key fits', [ec], { alg: 'RS256' }, 'missing_kid'],
  ])('%s', (_title, keys, query, expected) => {
    expect(selectFrom(keys, query)).toBe(expected);
  });
});
