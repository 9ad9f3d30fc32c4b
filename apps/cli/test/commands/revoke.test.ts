import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digestSetOf, openLookUp, systemClock, systemRandom } from '@revocast/denylist/replica';
import { mintKey, mintToken, type RedisServer, startRedis } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { runProgram } from '../cli-process.ts';
import { runIn, testWorld } from '../test-world.ts';

const issuer = 'https://login.test/';
let redis: RedisServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-cli-'));
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true });
});

/** What a look-up finds of a value. */
async function verdictOn(dimension: 'session' | 'subject' | 'token', value: string): Promise<string> {
  const lookUp = await openLookUp(redis.url, {
    clock: systemClock,
    random: systemRandom,
    timeoutMs: 1000,
    maxConcurrent: 1,
    maxStalenessMs: 5000,
  });
  const digests = digestSetOf([{ dimension, issuer, value }]);
  const { verdict } = await lookUp.find(digests, Math.floor(Date.now() / 1000));
  await lookUp.close();
  return verdict;
}

describe('given a log in Redis', () => {
  it('revokes a value, and a lift ends it', async () => {
    const target = ['--issuer', issuer, '--session', 's-1', '--source', redis.url];
    const revoked = await runIn(testWorld(), 'revoke', ...target, '--reason', 'logout');
    expect(revoked).toMatchObject({ code: 0, err: '' });
    expect(revoked.out).toMatch(
      /^revoked a session\n {2}id [0-9a-f]{32}, logged at .*Z, confirmed by 0 redis replicas\n$/,
    );
    expect(await verdictOn('session', 's-1')).toBe('revoked');

    const lifted = await runIn(testWorld(), 'lift', ...target);
    expect(lifted).toMatchObject({ code: 0, out: expect.stringMatching(/^lifted a session\n/) });
    expect(await verdictOn('session', 's-1')).toBe('unknown');
  });

  it('lifts by the id that it printed, and says why another id is refused', async () => {
    const source = ['--source', redis.url];
    const target = ['--issuer', issuer, '--session', 's-lift', ...source];
    const { id } = JSON.parse((await runIn(testWorld(), 'revoke', ...target, '--json')).out);
    const lifted = await runIn(testWorld(), 'lift', '--id', id, '--lift-id', 'lift-1', ...source);
    expect(lifted).toMatchObject({ code: 0, out: expect.stringMatching(/^lifted what that .* named\n {2}id lift-1,/) });
    expect(await verdictOn('session', 's-lift')).toBe('unknown');
    expect(await runIn(testWorld(), 'lift', '--id', 'lift-1', ...source)).toMatchObject({
      code: 1,
      err: expect.stringContaining('this id is of a lift'),
    });
    expect(await runIn(testWorld(), 'lift', '--id', id, '--session', 's', ...source)).toMatchObject({
      code: 2,
      err: expect.stringContaining('leave out --session (--lift-id is'),
    });
  });

  it('names the flag by which a lift is sent again without applying twice', async () => {
    const args = ['lift', '--issuer', issuer, '--session', 's', '--source', 'http://127.0.0.1:1'];
    expect((await runIn(testWorld(), ...args)).err).toMatch(/\nretry with: --lift-id [0-9a-f]{32}\n$/);
  });

  it('prints one JSON object, and a retry with the same id is the same event', async () => {
    const args = ['revoke', '--issuer', issuer, '--subject', 'u-1', '--id', 'event-1', '--source', redis.url, '--json'];
    const first = JSON.parse((await runIn(testWorld(), ...args)).out);
    expect(first).toEqual({
      kind: 'revoke',
      id: 'event-1',
      epoch: expect.stringMatching(/^[0-9a-f]{16}$/),
      loggedAtMs: expect.any(Number),
      redisReplicas: 0,
    });
    expect(JSON.parse((await runIn(testWorld(), ...args)).out)).toEqual(first);
    expect(await verdictOn('subject', 'u-1')).toBe('revoked');
  });

  it('ends with 1 when nobody can say that it is enforced everywhere', async () => {
    const args = ['--issuer', issuer, '--session', 's-2', '--source', redis.url, '--wait', '50ms'];
    expect(await runIn(testWorld(), 'revoke', ...args)).toMatchObject({
      code: 1,
      out: expect.stringContaining('not known to be enforced everywhere: 0 of 0 replicas'),
    });
  });

  it('takes a token from stdin, revokes its id and prints nothing of it', async () => {
    const token = await mintToken(
      await mintKey('ES256', 'k'),
      { jti: 'jti-1' },
      { issuer, audience: 'a', nowMs: Date.now },
    );
    const args = ['revoke', '--jwt-file', '-', '--reason', 'credential_leak', '--source', redis.url];
    const { code, stdout, stderr } = await runProgram(args, { stdin: `${token}\n` });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^revoked one token\n/);
    for (const part of token.split('.')) expect(stdout).not.toContain(part);
    expect(await verdictOn('token', 'jti-1')).toBe('revoked');
  });

  it('is one of at most sixty broad ones a minute, whoever logs them, unless --yes says that they are meant', async () => {
    const client = new Redis(redis.url);
    const [seconds] = await client.time();
    await client.hset('{revocast}:meta', { broadFrom: Number(seconds) * 1000, broadCount: 60 });
    const args = ['revoke', '--issuer', issuer, '--tenant', 't-1', '--source', redis.url];
    expect(await runIn(testWorld(), ...args)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/wait \d+ s, or .*--yes/),
    });
    expect(await runIn(testWorld(), ...args, '--yes')).toMatchObject({ code: 0 });
    await client.del('{revocast}:meta');
    client.disconnect();
  });

  it('ends with 1 and says so when the log refuses it', async () => {
    const ahead = String(Math.floor(Date.now() / 1000) + 3600);
    const args = ['revoke', '--issuer', issuer, '--subject', 'u-2', '--issued-up-to', ahead, '--source', redis.url];
    expect(await runIn(testWorld(), ...args, '--json')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^\{"error":\{"code":"refused",/),
    });
  });
});

describe('given a secret', () => {
  it('refuses it among the arguments and shows it nowhere', async () => {
    const args = ['revoke', '--issuer', issuer, '--session', 's', '--source', 'redis://:hunter2@127.0.0.1:1'];
    const { code, stdout, stderr } = await runProgram(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('REVOCAST_SOURCE');
    expect(stderr).not.toContain('hunter2');
  });

  it('takes it from the environment or a file, and prints the address without it', async () => {
    const file = join(folder, 'url');
    writeFileSync(file, 'redis://:hunter2@127.0.0.1:1\n');
    const args = ['revoke', '--issuer', issuer, '--session', 's'];
    for (const run of [
      runProgram(args, { env: { REVOCAST_SOURCE: 'redis://:hunter2@127.0.0.1:1' } }),
      runProgram(args, { env: { REVOCAST_SOURCE_FILE: file } }),
      runProgram([...args, '--source-file', file]),
    ]) {
      const { code, stdout, stderr } = await run;
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain('redis://127.0.0.1:1');
      expect(stderr).not.toContain('hunter2');
    }
  });
});

describe('given a mistake of the operator', () => {
  it.each([
    ['no issuer', ['--session', 's'], '--issuer: needed'],
    ['no target', ['--issuer', issuer], 'found none'],
    ['two targets', ['--issuer', issuer, '--session', 's', '--grant', 'g'], 'found --session and --grant'],
    ['an entire issuer without --yes', ['--issuer', issuer, '--entire-issuer'], 'say --yes to mean it'],
    ['a mistyped option', ['--issuer', issuer, '--sesion', 's'], 'Did you mean --session?'],
    ['a reason that is none', ['--issuer', issuer, '--session', 's', '--reason', 'x'], 'Allowed choices are logout'],
    ['a wait without bounds', ['--issuer', issuer, '--session', 's', '--wait', '1h'], 'expected a duration'],
    ['a token and a target', ['--jwt-file', 'f', '--session', 's'], 'leave out --session'],
    ['a file that is not there', ['--jwt-file', '/nowhere/token'], 'cannot read /nowhere/token'],
    ['nothing on stdin', ['--jwt-file', '-'], 'nothing came on stdin'],
    ['an embedded log', ['--issuer', issuer, '--session', 's', '--source', 'memory:'], 'name the sidecar that has it'],
    ['another one', ['--issuer', issuer, '--session', 's', '--source', 'file:///log'], 'name the sidecar that has it'],
    ['an address that is none', ['--issuer', issuer, '--session', 's', '--source', 'ftp://x'], 'source'],
  ])('ends with 2 on %s and says which option', async (_name, args, message) => {
    expect(await runIn(testWorld(), 'revoke', ...args)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(message),
    });
  });
});
