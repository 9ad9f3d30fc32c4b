import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readKeys } from '../../src/families/token/keys.ts';
import { childOf, decodeToken, encodeToken, hashOf, maxGeneration } from '../../src/families/token/token.ts';
import { issuer, secretOf, testKeys } from './keys-of-test.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const arbitraryToken = fc.record({
  family: bytes(16),
  generation: fc.integer({ min: 0, max: maxGeneration }),
  secret: bytes(32),
});
const token = { family: secretOf('family').subarray(0, 16), generation: 7, secret: secretOf('secret') };
const text = encodeToken(token, testKeys.signing);

describe('a refresh token', () => {
  // Tokens live for weeks: what is made today must be read by every later version.
  it('is this text', () => {
    expect(text).toBe('AQHTSlaat6qlTazXFa5klTRVAAAAByu4DVN7HaPji9MDYaqFVoa94OrNcWL-9qJf6Xv1J6JbgOMfJwVcnbn3c9ioonyPRA');
  });

  it('reads as what was written', () => {
    fc.assert(
      fc.property(arbitraryToken, (written) => {
        const read = decodeToken(encodeToken(written, testKeys.signing), testKeys);
        expect(read).toEqual(written);
      }),
    );
  });

  it('is not read when one bit of it is another', () => {
    const raw = Buffer.from(text, 'base64url');
    for (let bit = 0; bit < raw.length * 8; bit++) {
      const changed = Buffer.from(raw);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect({ bit, read: decodeToken(changed.toString('base64url'), testKeys) }).toEqual({ bit, read: undefined });
    }
  });

  it('has one spelling', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const readable = [...alphabet].filter((last) => decodeToken(text.slice(0, -1) + last, testKeys) !== undefined);
    expect(readable).toEqual([text.at(-1)]);
    expect(decodeToken(`${text}=`, testKeys)).toBeUndefined();
  });

  it('is not read when it is no token at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^AQ[A-Za-z0-9_-]{92}$/)), (garbage) => {
        expect(decodeToken(garbage, testKeys)).toBeUndefined();
      }),
    );
  });

  it('is read with the key that it names, and only with that', () => {
    const first = { id: 1, secret: secretOf('key 1') };
    const second = { id: 2, secret: secretOf('key 2') };
    const old = encodeToken(token, readKeys([first], issuer).signing);
    expect(decodeToken(old, readKeys([{ ...first, verifyOnly: true }, second], issuer))).toEqual(token);
    expect(decodeToken(old, readKeys([second], issuer))).toBeUndefined();
    expect(decodeToken(old, readKeys([{ ...second, id: 1 }], issuer))).toBeUndefined();
  });
});

describe('the child of a token', () => {
  const salt = secretOf('salt').subarray(0, 16);

  it('is the same for the same parent, salt and key', () => {
    const child = childOf(token, salt, testKeys.signing);
    expect(childOf({ ...token }, Uint8Array.from(salt), testKeys.signing)).toEqual(child);
    expect(child).toMatchObject({ family: token.family, generation: 8 });
  });

  it('is another with another secret, generation, family, salt or key', () => {
    const other = secretOf('other');
    const children = [
      childOf(token, salt, testKeys.signing),
      childOf({ ...token, secret: other }, salt, testKeys.signing),
      childOf({ ...token, generation: 8 }, salt, testKeys.signing),
      childOf({ ...token, family: other.subarray(0, 16) }, salt, testKeys.signing),
      childOf(token, other.subarray(0, 16), testKeys.signing),
      childOf(token, salt, readKeys([{ id: 1, secret: other }], issuer).signing),
    ];
    const secrets = new Set(children.map(({ secret }) => Buffer.from(secret).toString('hex')));
    expect(secrets.size).toBe(children.length);
  });

  it('is kept by the store as a hash only', () => {
    expect(Buffer.from(hashOf(token.secret)).toString('hex')).not.toBe(Buffer.from(token.secret).toString('hex'));
    expect(hashOf(token.secret)).toHaveLength(32);
  });
});
