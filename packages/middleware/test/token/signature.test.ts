import { constants, generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { CompactSign, compactVerify } from 'jose';
import { type VerificationKey, verificationKey } from '../../src/jwks/verification-key.ts';
import { SignatureThread } from '../../src/signature-thread/signature-thread.ts';
import { type Signed, verifySignature } from '../../src/token/signature.ts';

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
const signedOf = (token: string): Signed => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return { text: token, signingInput: `${header}.${payload}`, signature: Buffer.from(signature, 'base64url') };
};
const keyOf = (key: KeyObject): VerificationKey => verificationKey({ key, thumbprint: 'any', algorithms: [] });
const verifies = async (token: string, alg: string, key: KeyObject) =>
  await verifySignature(signedOf(token), alg, keyOf(key));

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

describe('the length of a signature', () => {
  /** Makes signatures until one begins with a byte 0: of the same number when that byte is cut off. One in 256 does. */
  function leadingZero(alg: 'RS256' | 'PS256'): {
    readonly whole: Signed;
    readonly cut: Signed;
    readonly key: KeyObject;
  } {
    const { publicKey, privateKey } = pairs['rsa']!;
    const padding = alg === 'RS256' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING;
    for (let count = 0; ; count += 1) {
      const signingInput = `e30.${Buffer.from(`{"n":${count}}`).toString('base64url')}`;
      const how = { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      const signature = signWith('sha256', Buffer.from(signingInput), how);
      if (signature[0] !== 0) continue;
      const signed = (bytes: Buffer) => ({
        text: `${signingInput}.${bytes.toString('base64url')}`,
        signingInput,
        signature: bytes,
      });
      return { whole: signed(signature), cut: signed(signature.subarray(1)), key: publicKey };
    }
  }

  // RFC 8017 §8.1.2 and §8.2.2, step 1.
  it.each(['RS256', 'PS256'] as const)('of %s is that of the modulus, also where its first byte is 0', async (alg) => {
    const { whole, cut, key } = leadingZero(alg);
    expect(await verifySignature(whole, alg, keyOf(key))).toBe(true);
    expect(await verifySignature(cut, alg, keyOf(key))).toBe(false);
  });

  it('is checked before a signature goes to the second thread', async () => {
    const { whole, cut, key } = leadingZero('RS256');
    const turns: (() => void)[] = [];
    const sent: string[] = [];
    const thread = new SignatureThread({
      start: (listener) => {
        setImmediate(() => listener.ready());
        return { send: ({ tokens }) => void sent.push(tokens), close: () => {} };
      },
      afterTurn: (callback) => turns.push(callback),
    });
    const endTurn = () => turns.splice(0).forEach((callback) => void callback());
    const shared = keyOf(key);
    for (const signed of [whole, whole]) void thread.verify(signed, 'RS256', shared);
    endTurn();
    await new Promise(setImmediate);
    const checks = [thread.verify(whole, 'RS256', shared), thread.verify(cut, 'RS256', shared)];
    endTurn();
    expect({ sent, isWaiting: checks[0] instanceof Promise, cut: checks[1] }).toEqual({
      sent: [whole.text],
      isWaiting: true,
      cut: false,
    });
  });

  // RFC 7518 §3.4 and RFC 8032 §5.1.7.
  it.each([
    ['ES256', 'es256', 64],
    ['ES384', 'es384', 96],
    ['ES512', 'es512', 132],
    ['EdDSA', 'ed25519', 64],
  ] as const)('of %s is fixed by the curve', (_alg, pair, bytes) => {
    expect(keyOf(pairs[pair]!.publicKey).signatureLength).toBe(bytes);
  });

  it('of an RSA key is that of its modulus', () => {
    const larger = generateKeyPairSync('rsa', { modulusLength: 2056 });
    expect(keyOf(larger.publicKey).signatureLength).toBe(257);
  });
});
