import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { openSource, randomHex } from '@revocast/denylist/replica';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import { startRedis, startTestIssuer, type TestIssuer, until } from '@revocast/test-support';
import { pino } from 'pino';
import { runProgram } from '../cli-process.ts';
import { runIn, testWorld } from '../test-world.ts';

let issuer: TestIssuer;
let sidecar: RunningSidecar;
let publisher: Publisher;
let folder: string;

beforeAll(async () => {
  issuer = await startTestIssuer();
  folder = mkdtempSync(join(tmpdir(), 'revocast-explain-'));
  const writeTokenFile = join(folder, 'token');
  writeFileSync(writeTokenFile, 'a-token-of-twenty-one');
  const config = {
    source: 'memory:',
    dataListen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    drainMs: 0,
    writeTokenFile,
  };
  sidecar = await startSidecar(config, { log: pino({ level: 'silent' }) });
  publisher = await createPublisher(sidecar.dataUrl, { tokenFile: writeTokenFile });
  await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, { what: 'a ready sidecar' });
});
afterAll(async () => {
  await publisher?.close();
  await sidecar?.stop();
  await issuer?.close();
  rmSync(folder, { recursive: true });
});

const trusting = () => ['--issuer', issuer.issuer, '--dangerously-allow-http', '--source', sidecar.dataUrl];
/** No process listens on port 2; fetch sends nothing to port 1. */
const closed = 'http://127.0.0.1:2';

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

  it.each(['Bearer ', 'Authorization: Bearer ', 'authorization:bearer ', "-H 'Authorization: Bearer "])(
    'accepts a pasted line that begins with "%s"',
    async (before) => {
      const token = await issuer.sign();
      const pasted = `${before}${token}${before.includes("'") ? "'" : ''}\n`;
      const world = testWorld({ readStandardInput: async () => pasted });
      expect(await runIn(world, 'explain', ...trusting())).toMatchObject({ code: 0 });
    },
  );

  it('rejects a revoked one, and says when, why and by whom it was revoked', async () => {
    const token = await issuer.sign({ sid: 's-1' });
    const { loggedAtMs } = await publisher.revoke({
      ...{ issuer: issuer.issuer, session: 's-1', reason: 'credential_leak', actor: 'ann' },
    });
    await until(async () => (await (await fetch(`${sidecar.dataUrl}/console/revocations`)).text()).includes('ann'), {
      what: 'the revocation in the sidecar',
    });
    const world = testWorld({ readStandardInput: async () => token });
    const { code, out } = await runIn(world, 'explain', ...trusting());
    expect(code).toBe(1);
    expect(out).toContain(
      `revoked by its session (credential_leak, ${new Date(loggedAtMs).toISOString()}, by "ann"), says ${sidecar.dataUrl}`,
    );
    expect(out).toMatch(/\nrejected \(revoked_session\)\n$/);
    for (const value of ['s-1', ...token.split('.')]) expect(out).not.toContain(value);
  });

  it('is undecided about a token while nothing answers about its revocation, and names the error', async () => {
    const world = testWorld({ readStandardInput: async () => issuer.sign() });
    const { code, out } = await runIn(world, 'explain', ...trusting().slice(0, 3), '--source', closed);
    expect({ code, out }).toEqual({ code: 3, out: expect.stringMatching(/\nundecided\n$/) });
    expect(out).toContain('revocation: unknown: the sidecar does not answer: ECONNREFUSED');
  });

  it('does not ask about revocation with --no-revocation', async () => {
    const world = testWorld({ readStandardInput: async () => issuer.sign() });
    const args = [...trusting().slice(0, 3), '--source', closed, '--no-revocation'];
    expect(await runIn(world, 'explain', ...args)).toMatchObject({ code: 0 });
  });

  it('names what was asked for keys, and the error, when it has none', async () => {
    const token = await issuer.sign();
    const ask = (...args: string[]) =>
      runIn(testWorld({ readStandardInput: async () => token }), 'explain', ...trusting(), ...args);
    const keySet = await ask('--jwks-uri', `${closed}/jwks`);
    expect(keySet).toMatchObject({ code: 3, out: expect.stringContaining(`keys: ${closed}/jwks: ECONNREFUSED`) });
    const metadata = await ask('--issuer', closed);
    expect(metadata.out).toContain(`keys: no metadata of ${closed}: ECONNREFUSED`);
    expect(metadata.code).toBe(1);
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

describe('given a log in Redis', () => {
  it('asks the log itself, and reads when, why and by whom from its entries', async () => {
    const redis = await startRedis();
    const log = await createPublisher(redis.url);
    const source = await openSource(redis.url, { newEpoch: () => randomHex(8) });
    try {
      await source.declareWhole?.();
      const ask = async (token: string, url: string) => {
        const world = testWorld({ readStandardInput: async () => token });
        return await runIn(world, 'explain', ...trusting().slice(0, 3), '--source', url);
      };
      const [token, other] = [await issuer.sign({ sub: 'bob' }), await issuer.sign({ sub: 'eve' })];
      await log.revoke({ issuer: issuer.issuer, subject: 'bob', reason: 'admin', actor: 'ops' });
      expect(await ask(token, redis.url)).toMatchObject({
        code: 1,
        out: expect.stringMatching(/revoked by its subject \(admin, \S+Z, by "ops"\), says redis:/),
      });
      // No process writes heartbeats here, so a missing rule proves nothing.
      expect(await ask(other, redis.url)).toMatchObject({
        code: 3,
        out: expect.stringContaining('the log cannot decide (log_stale)'),
      });
      expect(await ask(other, 'redis://127.0.0.1:1')).toMatchObject({
        code: 3,
        out: expect.stringContaining('ECONNREFUSED'),
      });
    } finally {
      await source.close();
      await log.close();
      await redis.stop();
    }
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
