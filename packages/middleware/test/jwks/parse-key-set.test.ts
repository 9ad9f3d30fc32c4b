import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { type KeySet, noSkippedKeys, parseKeySet } from '../../src/jwks/parse-key-set.ts';
import { mintEcKey, mintEd25519Key, mintRsaKey } from './minted-keys.ts';

const good = mintEcKey({ kid: 'good' }).jwk;
const rsa = mintRsaKey({ kid: 'rsa' }).jwk;

function parse(...keys: readonly unknown[]): KeySet {
  const parsed = parseKeySet({ keys }, 100);
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.keySet;
}

/** An odd number of so many bits; only a signature would need its factors. */
const modulus = (bits: number) => Buffer.alloc(bits / 8, 0xff).toString('base64url');

describe('parseKeySet', () => {
  it.each([null, undefined, 1, 'keys', [], {}, { keys: null }, { keys: {} }, { keys: 'x' }])(
    'refuses %j, which is no key set',
    (value) => {
      expect(parseKeySet(value, 100)).toEqual({ ok: false, code: 'not_a_key_set' });
    },
  );

  it('rejects an empty set and a set without a usable key', () => {
    expect(parseKeySet({ keys: [] }, 100)).toEqual({ ok: false, code: 'no_usable_keys' });
    expect(parseKeySet({ keys: [null, { kty: 'oct', k: 'AA' }] }, 100)).toEqual({ ok: false, code: 'no_usable_keys' });
  });

  it('accepts a set below and at the largest number of keys and rejects a larger one', () => {
    const keys = [good, null, null];
    expect(parseKeySet({ keys }, 4)).toMatchObject({ ok: true });
    expect(parseKeySet({ keys }, 3)).toMatchObject({ ok: true });
    expect(parseKeySet({ keys }, 2)).toEqual({ ok: false, code: 'too_many_keys' });
  });

  const optional = ['kid', 'alg', 'use', 'key_ops', 'd', 'crv', 'x5c', 'oth'];
  it.each(optional.flatMap((name) => [null, '', []].map((value) => [name, value] as const)))(
    'takes "%s": %j for absent',
    (name, value) => {
      const { kid: _kid, ...key } = rsa;
      expect(parse({ ...key, [name]: value }, good)).toMatchObject({ keys: { length: 2 }, skipped: noSkippedKeys });
    },
  );

  it('uses a key whose key_ops lists an operation twice', () => {
    expect(parse({ ...good, key_ops: ['verify', 'verify'] }).keys).toHaveLength(1);
  });

  it.each([
    ['null', null, 'malformed'],
    ['a string', 'key', 'malformed'],
    ['an array', [], 'malformed'],
    ['no kty', { kid: 'x' }, 'malformed'],
    ['a number as kid', { ...mintEcKey().jwk, kid: 7 }, 'malformed'],
    ['a kid too long to be named', { ...mintEcKey().jwk, kid: 'k'.repeat(257) }, 'malformed'],
    ['a point off the curve', { ...mintEcKey().jwk, y: mintEcKey().jwk['y'] }, 'malformed'],
    ['no coordinates', { kty: 'EC', crv: 'P-256' }, 'malformed'],
    ['a modulus that is a number', { ...rsa, n: 5 }, 'malformed'],
    [
      'an object with a prototype of null',
      Object.assign(Object.create(null), { kty: 'EC', crv: 'P-256' }),
      'malformed',
    ],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }, 'symmetric'],
    ['a private elliptic key', mintEcKey().privateKey.export({ format: 'jwk' }), 'private'],
    ['a private RSA key', mintRsaKey().privateKey.export({ format: 'jwk' }), 'private'],
    ['a key for encryption', { ...rsa, use: 'enc' }, 'other_use'],
    ['an unknown use', { ...good, use: 'tls' }, 'other_use'],
    ['a use that is no string', { ...good, use: 1 }, 'other_use'],
    ['key_ops without verify', { ...good, key_ops: ['sign'] }, 'other_use'],
    ['key_ops that is a string', { ...good, key_ops: 'verify' }, 'other_use'],
    ['an unknown kind of key', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }, 'unsupported'],
    ['an unknown curve', { ...good, crv: 'secp256k1' }, 'unsupported'],
    ['X25519', { kty: 'OKP', crv: 'X25519', x: 'AA' }, 'unsupported'],
    ['an encryption algorithm', { ...rsa, alg: 'RSA-OAEP' }, 'unsupported'],
    ['HS256 on an RSA key', { ...rsa, alg: 'HS256' }, 'unsupported'],
    ['none', { ...rsa, alg: 'none' }, 'unsupported'],
    ['ES256 on P-384', { ...mintEcKey({}, 'P-384').jwk, alg: 'ES256' }, 'unsupported'],
    ['an algorithm that is no string', { ...rsa, alg: ['RS256'] }, 'unsupported'],
    ['RSA of 1024 bits', mintRsaKey({}, 1024).jwk, 'weak'],
    ['RSA of 2040 bits', mintRsaKey({}, 2040).jwk, 'weak'],
    ['an RSA exponent of 1', { ...rsa, e: 'AQ' }, 'weak'],
    ['an even RSA exponent', { ...rsa, e: 'AQAA' }, 'weak'],
    ['RSA of 4104 bits', { ...rsa, n: modulus(4104) }, 'oversized'],
    ['RSA of 16384 bits', { ...rsa, n: modulus(16_384) }, 'oversized'],
    ['an RSA exponent of 2^32 + 1', { ...rsa, e: 'AQAAAAE' }, 'oversized'],
    ['an RSA exponent of 2048 bits', { ...rsa, e: modulus(2048) }, 'oversized'],
  ])('skips and counts %s beside a good key', (_title, member, cause) => {
    const keySet = parse(member, good);
    expect(keySet.keys.map((key) => key.kid)).toEqual(['good']);
    expect(keySet.skipped).toEqual({ ...noSkippedKeys, [cause]: 1 });
  });

  it('remembers the kids of skipped members', () => {
    expect([...parse({ ...rsa, use: 'enc' }, good).skippedKids]).toEqual(['rsa']);
  });

  it('accepts RSA of 2048 to 4096 bits with an exponent of at most 2^32', () => {
    expect(parse(rsa).keys).toHaveLength(1);
    expect(parse({ ...rsa, n: modulus(4096), e: '_____w' }).keys).toHaveLength(1);
  });

  it('accepts longer RSA keys up to maxRsaBits, and ignores leading zeros', () => {
    const keysOf = (n: string, maxRsaBits: number) => {
      const parsed = parseKeySet({ keys: [{ ...rsa, n }] }, 1, maxRsaBits);
      return parsed.ok ? parsed.keySet.keys.length : 0;
    };
    expect([keysOf(modulus(8192), 8192), keysOf(modulus(8200), 8192), keysOf(modulus(2056), 2048)]).toEqual([1, 0, 0]);
    expect(
      keysOf(Buffer.concat([Buffer.alloc(2), Buffer.from(modulus(8192), 'base64url')]).toString('base64url'), 8192),
    ).toBe(1);
  });

  it.each([
    ['RSA', rsa, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['P-256', good, ['ES256']],
    ['P-384', mintEcKey({}, 'P-384').jwk, ['ES384']],
    ['P-521', mintEcKey({}, 'P-521').jwk, ['ES512']],
    ['Ed25519', mintEd25519Key().jwk, ['EdDSA', 'Ed25519']],
    ['RSA with alg', { ...rsa, alg: 'PS256' }, ['PS256']],
    ['Ed25519 with its old name', mintEd25519Key({ alg: 'EdDSA' }).jwk, ['EdDSA', 'Ed25519']],
    ['Ed25519 with its new name', mintEd25519Key({ alg: 'Ed25519' }).jwk, ['EdDSA', 'Ed25519']],
    ['use and key_ops for verifying', { ...good, use: 'sig', key_ops: ['verify'] }, ['ES256']],
  ])('binds %s to the algorithms that fit', (_title, jwk, algorithms) => {
    expect(parse(jwk).keys[0]?.algorithms).toEqual(algorithms);
  });

  it.each([
    ['RSA', rsa],
    ['EC', good],
    ['OKP', mintEd25519Key().jwk],
  ])('computes the same thumbprint as jose: %s', async (_title, jwk) => {
    expect(parse(jwk).keys[0]?.thumbprint).toBe(await calculateJwkThumbprint(jwk));
  });

  it('gives two encodings of one key the same thumbprint', () => {
    const padded = {
      ...rsa,
      kid: 'padded',
      n: Buffer.from(`00${Buffer.from(String(rsa['n']), 'base64url').toString('hex')}`, 'hex').toString('base64url'),
    };
    expect(new Set(parse(rsa, padded).keys.map(({ thumbprint }) => thumbprint)).size).toBe(1);
  });

  it('reads a key that is listed twice as one key', () => {
    const keySet = parse(good, { ...good });
    expect(keySet.keys).toHaveLength(1);
    expect(keySet.byKid.get('good')).toHaveLength(1);
  });

  it('keeps different keys that share a kid, and one key under two kids', () => {
    expect(parse(good, { ...rsa, kid: 'good' }).byKid.get('good')).toHaveLength(2);
    expect([...parse(good, { ...good, kid: 'again' }).byKid.keys()]).toEqual(['good', 'again']);
  });

  it('accepts kids that are names of object members', () => {
    const keySet = parse({ ...good, kid: '__proto__' });
    expect(keySet.byKid.get('__proto__')).toHaveLength(1);
    expect(keySet.byKid.get('constructor')).toBeUndefined();
  });
});
