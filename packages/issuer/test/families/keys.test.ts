import { describe, expect, it } from '@jest/globals';
import { type FamilyKey, readKeys } from '../../src/families/token/keys.ts';
import { issuer, secretOf } from './keys-of-test.ts';

const secret = secretOf('a secret');
const text = Buffer.from(secret).toString('base64url');

describe('the keys of refresh tokens', () => {
  it('are read from bytes and from text', () => {
    const fromBytes = readKeys([{ id: 7, secret }], issuer).signing;
    expect(readKeys([{ id: 7, secret: text }], issuer).signing).toEqual(fromBytes);
    expect(readKeys([{ id: 7, secret: Buffer.from(secret).toString('base64') }], issuer).signing).toEqual(fromBytes);
  });

  it('give other bytes to tags than to children', () => {
    const { tag, child } = readKeys([{ id: 1, secret }], issuer).signing;
    expect(tag).toHaveLength(32);
    expect(child).toHaveLength(32);
    expect(tag).not.toEqual(child);
  });

  it('are others for another issuer', () => {
    const here = readKeys([{ id: 1, secret }], issuer).signing;
    const there = readKeys([{ id: 1, secret }], 'https://login.example.org/').signing;
    expect(there.tag).not.toEqual(here.tag);
    expect(there.child).not.toEqual(here.child);
  });

  it('sign with the one that is not only for verification', () => {
    const keys = readKeys(
      [
        { id: 1, secret, verifyOnly: true },
        { id: 2, secret: secretOf('another') },
      ],
      issuer,
    );
    expect(keys.signing.id).toBe(2);
    expect(keys.find(1)?.id).toBe(1);
    expect(keys.find(3)).toBeUndefined();
  });

  const wrong: [string, readonly FamilyKey[], string][] = [
    ['none', [], 'keys: expected a list of 1–255 keys, each { id, secret }'],
    ['an id of 0', [{ id: 0, secret }], 'keys: expected an id from 1 to 255 in each key, { id: 1, secret }'],
    ['an id of 256', [{ id: 256, secret }], 'keys: expected an id from 1 to 255 in each key, { id: 1, secret }'],
    [
      'one id twice',
      [
        { id: 1, secret },
        { id: 1, secret, verifyOnly: true },
      ],
      'keys: two keys have the id 1: give each its own',
    ],
    [
      'two that sign',
      [
        { id: 1, secret },
        { id: 2, secret },
      ],
      'keys: expected exactly one key that signs, found 2: set verifyOnly: true for all others',
    ],
    [
      'none that signs',
      [{ id: 1, secret, verifyOnly: true }],
      'keys: expected exactly one key that signs, found 0: set verifyOnly: true for all others',
    ],
    [
      '31 bytes',
      [{ id: 1, secret: secret.subarray(1) }],
      'keys: the secret of key 1 has 31 bytes: at least 32 are needed',
    ],
    [
      'a word',
      [{ id: 1, secret: 'x'.repeat(64) }],
      'keys: the secret of key 1 is not random: use openssl rand -base64 32',
    ],
    [
      'a text that is no base64',
      [{ id: 1, secret: `${text}!` }],
      'keys: the secret of key 1 is neither bytes nor base64url text',
    ],
  ];
  it.each(wrong)('are refused: %s', (_, keys, message) => {
    expect(() => readKeys(keys, issuer)).toThrow(message);
  });

  it('stay out of the text of an error', () => {
    expect(() => readKeys([{ id: 1, secret: 'correct-horse' }], issuer)).not.toThrow(/correct|horse/);
  });
});
