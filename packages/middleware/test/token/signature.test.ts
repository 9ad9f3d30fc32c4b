import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { CompactSign, compactVerify } from 'jose';
import { verifySignature } from '../../src/token/signature.ts';

const pairs: Readonly<Record<string, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  es256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  es384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  es512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: generateKeyPairSync('ed25519'),
};
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const kinds: readonly (readonly [alg: string, pair: string])[] = [
  ...rsaAlgorithms.map((alg) => [alg, 'rsa'] as const),
  ['ES256', 'es256'],
  ['ES384', 'es384'],
  ['ES512', 'es512'],
  ['EdDSA', 'ed25519'],
  ['Ed25519', 'ed25519'],
];

const sign = (alg: string, privateKey: KeyObject) =>
  new CompactSign(new TextEncoder().encode('{"sub":"alice"}')).setProtectedHeader({ alg }).sign(privateKey);
const verifies = async (token: string, alg: string, key: KeyObject) => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signed = { text: token, signingInput: `${header}.${payload}`, signature: Buffer.from(signature, 'base64url') };
  return await verifySignature(signed, alg, { key, thumbprint: 'any', algorithms: [] });
};

describe.each(kinds)('a signature of %s', (alg, pair) => {
  const { publicKey, privateKey } = pairs[pair]!;

  it('is valid for the signed text', async () => {
    expect(await verifies(await sign(alg, privateKey), alg, publicKey)).toBe(true);
  });

  it('is invalid with a changed bit, and with a shortened or extended text or signature', async () => {
    const token = await sign(alg, privateKey);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const flipped = (at: number) => {
      const other = Buffer.from(bytes);
      other[at]! ^= 1;
      return other;
    };
    const others = [flipped(0), flipped(bytes.length - 1), bytes.subarray(1), Buffer.concat([bytes, Buffer.of(0)])];
    for (const other of [...others, Buffer.alloc(bytes.length), Buffer.of(1)]) {
      expect(await verifies(`${header}.${payload}.${other.toString('base64url')}`, alg, publicKey)).toBe(false);
    }
    const changed = Buffer.from('{"sub":"mallory"}').toString('base64url');
    expect(await verifies(`${header}.${changed}.${signature}`, alg, publicKey)).toBe(false);
  });
});

describe('an RSA signature', () => {
  const { publicKey, privateKey } = pairs['rsa']!;

  it.each(rsaAlgorithms)('of %s is invalid for every other algorithm, in agreement with jose', async (alg) => {
    const token = await sign(alg, privateKey);
    const others = rsaAlgorithms.filter((other) => other !== alg);
    for (const other of others) {
      expect(await verifies(token, other, publicKey)).toBe(false);
      await expect(compactVerify(token, publicKey, { algorithms: [other] })).rejects.toThrow();
    }
  });

  it('is invalid with another key', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await verifies(await sign('RS256', privateKey), 'RS256', other.publicKey)).toBe(false);
  });
});
