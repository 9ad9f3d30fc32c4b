import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Dimension, digestOf, digestToHex } from '@revocast/denylist/replica';
import { startTestIssuer, type TestIssuer } from '@revocast/test-support';
import { runIn, testWorld } from '../test-world.ts';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const hexOf = (dimension: Dimension, value: string) =>
  digestToHex(digestOf({ dimension, issuer: issuer.issuer, value }));

describe('digests', () => {
  it('prints one line for each value by which a revocation can deny the token, and no value', async () => {
    const token = await issuer.sign({ sid: 'the-sid', sub: 'the-subject' });
    const world = testWorld({ readStandardInput: async () => `Authorization: Bearer ${token}\n` });
    const { code, out, err } = await runIn(world, 'digests');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.trimEnd().split('\n');
    expect(lines).toContain(`session        ${hexOf('session', 'the-sid')}`);
    expect(lines).toContain(`subject        ${hexOf('subject', 'the-subject')}`);
    expect(lines).toContain(`issuer         ${hexOf('issuer', issuer.issuer)}`);
    for (const value of ['the-sid', 'the-subject', ...token.split('.')]) expect(out).not.toContain(value);
  });

  it('reads the claims of the profile, and prints one JSON object', async () => {
    const token = await issuer.sign({ oid: 'the-oid', sub: 'the-sub' });
    const world = testWorld({ readStandardInput: async () => token });
    const { out } = await runIn(world, 'digests', '--profile', 'entra', '--json');
    const { issuedAt, digests } = JSON.parse(out);
    expect(issuedAt).toEqual(expect.any(Number));
    expect(digests).toContainEqual({ dimension: 'subject', digest: hexOf('subject', 'the-oid') });
  });

  it('adds the thumbprint of the key when it has the keys', async () => {
    const token = await issuer.sign();
    const keys = JSON.stringify(issuer.publicJwks);
    const count = async (...args: string[]) => {
      const world = testWorld({ readStandardInput: async () => token, readFile: () => keys });
      const { out } = await runIn(world, 'digests', ...args);
      return out.split('\n').filter((line) => line.startsWith('key ')).length;
    };
    expect([await count(), await count('--jwks-file', 'keys')]).toEqual([1, 2]);
  });

  it.each([
    ['a token as argument', ['eyJhbGciOiJFUzI1NiJ9.e30.c2ln'], 'process lists'],
    ['another text', [], 'expected a JWT'],
  ])('exits with 2 for %s', async (_name, args, message) => {
    const world = testWorld({ readStandardInput: async () => 'x' });
    expect(await runIn(world, 'digests', ...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
