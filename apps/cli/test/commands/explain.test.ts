import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestIssuer, type TestIssuer } from '@revocast/test-support';
import { runProgram } from '../cli-process.ts';
import { runIn, testWorld } from '../test-world.ts';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const trusting = () => ['--issuer', issuer.issuer, '--dangerously-allow-http'];

describe('given a token', () => {
  it('accepts a valid one and prints no part of it', async () => {
    const token = await issuer.sign();
    const { code, stdout, stderr } = await runProgram(['explain', ...trusting()], { stdin: token });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\naccepted\n$/);
    for (const part of token.split('.')) expect(stdout).not.toContain(part);
  });

  it('prints the reason why it is rejected', async () => {
    const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) - 3600 });
    const world = testWorld({ readStandardInput: async () => token });
    const { code, out } = await runIn(world, 'explain', '-', ...trusting(), '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'rejected', reason: 'expired' });
  });

  it('reads the token and the keys from files', async () => {
    const files: Record<string, string> = {
      token: await issuer.sign(),
      keys: JSON.stringify(issuer.publicJwks),
    };
    const world = testWorld({ readFile: (path) => files[path] ?? '' });
    const args = ['--jwt-file', 'token', '--jwks-file', 'keys'];
    expect(await runIn(world, 'explain', ...trusting(), ...args)).toMatchObject({ code: 0 });
  });

  it('exits with 3 when the keys cannot be fetched', async () => {
    const token = await issuer.sign();
    const world = testWorld({ readStandardInput: async () => token });
    const args = ['--jwks-uri', 'http://127.0.0.1:1/jwks'];
    expect(await runIn(world, 'explain', ...trusting(), ...args)).toMatchObject({
      code: 3,
      out: expect.stringMatching(/\nundecided\n$/),
    });
  });
});

describe('given a wrong command line', () => {
  it.each([
    ['a token among the arguments', ['eyJhbGciOiJFUzI1NiJ9.e30.c2ln', '--issuer', 'https://a.test/'], 'process lists'],
    ['no issuer', [], '--issuer: required'],
    ['plain http', ['--issuer', 'http://a.test/'], 'expected https'],
  ])('exits with 2 for %s', async (_name, args, message) => {
    const world = testWorld({ readStandardInput: async () => 'x' });
    expect(await runIn(world, 'explain', ...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
