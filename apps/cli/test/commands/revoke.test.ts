import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  digestSetOf,
  openLookUp,
  openReplica,
  openSource,
  systemClock,
  systemRandom,
  trustedIssuers,
} from '@revocast/denylist/replica';
import { startSidecar } from '@revocast/sidecar';
import { mintKey, mintToken, type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { pino } from 'pino';
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

/** The verdict of a look-up for a value. */
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
  it('revokes a value, and a lift ends the denial', async () => {
    const target = ['--issuer', issuer, '--session', 's-1', '--source', redis.url];
    const revoked = await runIn(testWorld(), 'revoke', ...target, '--reason', 'logout');
    expect(revoked).toMatchObject({ code: 0, err: '' });
    expect(revoked.out).toMatch(
      /^revoked a session\n {2}id [0-9a-f]{32}, logged at .*Z, confirmed by 0 redis replicas\n$/,
    );
    expect(await verdictOn('session', 's-1')).toBe('revoked');

    const lifted = await runIn(testWorld(), 'lift', ...target);
    expect(lifted).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^lifted a session\n {2}id \S+, logged at .*\n$/),
    });
    expect(await verdictOn('session', 's-1')).toBe('unknown');
  });

  it('lifts by the id of the revocation, and explains why another id is refused', async () => {
    const source = ['--source', redis.url];
    const target = ['--issuer', issuer, '--session', 's-lift', ...source];
    const { id } = JSON.parse((await runIn(testWorld(), 'revoke', ...target, '--json')).out);
    const lifted = await runIn(testWorld(), 'lift', '--id', id, '--lift-id', 'lift-1', ...source);
    expect(lifted).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^lifted the value of that revocation\n {2}id lift-1,/),
    });
    expect(await verdictOn('session', 's-lift')).toBe('unknown');
    expect(await runIn(testWorld(), 'lift', '--id', 'lift-1', ...source)).toMatchObject({
      code: 1,
      err: expect.stringContaining('this id is of a lift'),
    });
    expect(await runIn(testWorld(), 'lift', '--id', id, '--session', 's', ...source)).toMatchObject({
      code: 2,
      err: expect.stringContaining('leave out --session (the id of the lift'),
    });
  });

  it('says so when there was nothing to lift', async () => {
    const client = new Redis(redis.url);
    const source = await openSource(redis.url);
    await source.declareWhole?.();
    const heartbeat = source.startHeartbeat?.({ holder: 'a'.repeat(16) });
    await until(async () => (await client.hget('{revocast}:meta', 'hbAt')) !== null, { what: 'a heartbeat' });
    try {
      const lift = (...args: string[]) =>
        runIn(testWorld(), 'lift', '--issuer', issuer, '--source', redis.url, ...args);
      await runIn(testWorld(), 'revoke', '--issuer', issuer, '--client', 'c-1', '--source', redis.url);
      const notDenied = expect.stringContaining('\n  it was not denied, so this lift changes nothing');
      expect(await lift('--session', 'never')).toMatchObject({ code: 0, out: notDenied });
      // A cutoff is no denial.
      expect(await lift('--client', 'c-1')).toMatchObject({ code: 0, out: notDenied });
      expect(JSON.parse((await lift('--subject', 'u', '--client', 'c', '--json')).out)).toMatchObject({
        wasDenied: false,
      });
    } finally {
      await heartbeat?.stop();
      await source.close();
      client.disconnect();
    }
  });

  it('warns of an issuer that no verifier trusts, with the fix', async () => {
    const client = new Redis(redis.url);
    const source = await openSource(redis.url);
    await source.declareWhole?.();
    const heartbeat = source.startHeartbeat?.({ holder: 'a'.repeat(16) });
    const [clock, random] = [systemClock, systemRandom];
    const replica = openReplica({ feed: source.feed, clock, random, issuers: () => trustedIssuers([issuer]) });
    try {
      expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
      // As if the heartbeats had been steady for longer than a reader may be fresh without a line.
      await client.hset('{revocast}:meta', 'steadySince', 0);
      const revoke = (named: string, ...args: string[]) =>
        runIn(testWorld(), 'revoke', '--issuer', named, '--session', 's', '--source', redis.url, ...args);
      const wrong = issuer.replace(/\/$/, '');
      const warning = expect.stringContaining(
        '\n  no verifier that follows this log trusts this issuer\n  fix: give exactly the `iss` of the tokens',
      );
      expect(await revoke(wrong)).toMatchObject({ code: 0, out: warning });
      expect(await revoke(wrong, '--wait', '10s')).toMatchObject({ code: 0, out: warning });
      expect((await revoke(issuer)).out).not.toContain('no verifier');
      expect(JSON.parse((await revoke(issuer, '--json')).out)).toMatchObject({ issuerTrustedBy: 'some' });
    } finally {
      await replica.close();
      await heartbeat?.stop();
      await source.close();
      client.disconnect();
    }
  });

  it('prints the flag for a retry that does not apply twice', async () => {
    const args = ['lift', '--issuer', issuer, '--session', 's', '--source', 'http://127.0.0.1:1'];
    expect((await runIn(testWorld(), ...args)).err).toMatch(/\nretry with: --lift-id [0-9a-f]{32}\n$/);
  });

  it('prints one JSON object, and a retry with the same id does not apply twice', async () => {
    const args = ['revoke', '--issuer', issuer, '--subject', 'u-1', '--id', 'event-1', '--source', redis.url, '--json'];
    const first = JSON.parse((await runIn(testWorld(), ...args)).out);
    expect(first).toEqual({
      kind: 'revoke',
      id: 'event-1',
      epoch: expect.stringMatching(/^[0-9a-f]{16}$/),
      loggedAtMs: expect.any(Number),
      redisReplicas: 0,
      evictionPolicy: 'safe',
      issuerTrustedBy: 'unknown',
    });
    expect(JSON.parse((await runIn(testWorld(), ...args)).out)).toEqual(first);
    expect(await verdictOn('subject', 'u-1')).toBe('revoked');
  });

  it('warns of a Redis that may evict revocations', async () => {
    const cache = await startRedis({ config: { 'maxmemory-policy': 'allkeys-lru' } });
    try {
      const args = ['revoke', '--issuer', issuer, '--session', 's', '--source', cache.url];
      const warning = '\n  this Redis may evict revocations: set maxmemory-policy noeviction\n';
      expect(await runIn(testWorld(), ...args)).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining(warning),
      });
      expect(JSON.parse((await runIn(testWorld(), ...args, '--json')).out)).toMatchObject({ evictionPolicy: 'unsafe' });
    } finally {
      await cache.stop();
    }
  });

  it('exits with 1 when no replica is known to enforce it', async () => {
    const args = ['--issuer', issuer, '--session', 's-2', '--source', redis.url, '--wait', '50ms'];
    expect(await runIn(testWorld(), 'revoke', ...args)).toMatchObject({
      code: 1,
      out: expect.stringContaining('not known to be enforced everywhere: 0 of 0 replicas'),
    });
  });

  it('reads a token from stdin, revokes its id and prints no part of it', async () => {
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

  it('accepts at most sixty broad revocations a minute, and more with --yes', async () => {
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

  it('exits with 1 and an error when the log refuses it', async () => {
    const ahead = String(Math.floor(Date.now() / 1000) + 3600);
    const args = ['revoke', '--issuer', issuer, '--subject', 'u-2', '--issued-up-to', ahead, '--source', redis.url];
    expect(await runIn(testWorld(), ...args, '--json')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^\{"error":\{"code":"refused",/),
    });
  });
});

describe('given a sidecar that takes no revocations', () => {
  it('names the option that is not set, and what to do', async () => {
    const listeners = { dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
    const sidecar = await startSidecar({ source: 'memory:', ...listeners }, { log: pino({ level: 'silent' }) });
    const args = ['revoke', '--issuer', issuer, '--session', 's', '--source', sidecar.dataUrl];
    const { code, err } = await runIn(testWorld(), ...args);
    await sidecar.stop();
    expect(code).toBe(3);
    expect(err).toContain('nothing was revoked: ');
    expect(err).toContain('its option writeTokenFile is not set (writes_off); set it there');
    expect(err).toContain('--token-file');
  });
});

describe('given a secret', () => {
  it('refuses it as an argument and does not print it', async () => {
    const args = ['revoke', '--issuer', issuer, '--session', 's', '--source', 'redis://:hunter2@127.0.0.1:1'];
    const { code, stdout, stderr } = await runProgram(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('REVOCAST_SOURCE');
    expect(stderr).not.toContain('hunter2');
  });

  it('reads it from the environment or a file, and prints the address without it', async () => {
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

describe('given a wrong command line', () => {
  it.each([
    ['no issuer', ['--session', 's'], '--issuer: required'],
    ['no target', ['--issuer', issuer], 'found none'],
    ['two targets', ['--issuer', issuer, '--session', 's', '--grant', 'g'], 'found --session and --grant'],
    ['an entire issuer without --yes', ['--issuer', issuer, '--entire-issuer'], 'add --yes to confirm'],
    ['a mistyped option', ['--issuer', issuer, '--sesion', 's'], 'Did you mean --session?'],
    ['an unknown reason', ['--issuer', issuer, '--session', 's', '--reason', 'x'], 'Allowed choices are logout'],
    [
      'a wait that is too long',
      ['--issuer', issuer, '--session', 's', '--wait', '1h'],
      'expected a duration such as 500ms, 15s or 2m, where a number without a unit is milliseconds, from 1ms to 1m',
    ],
    ['a token and a target', ['--jwt-file', 'f', '--session', 's'], "'--session <sid>'"],
    ['a missing file', ['--jwt-file', '/nowhere/token'], 'cannot read /nowhere/token'],
    ['an empty stdin', ['--jwt-file', '-'], 'found nothing'],
    ['a memory: log', ['--issuer', issuer, '--session', 's', '--source', 'memory:'], 'name the sidecar that holds it'],
    [
      'a file: log',
      ['--issuer', issuer, '--session', 's', '--source', 'file:///log'],
      'name the sidecar that holds it',
    ],
    ['an unknown kind of source', ['--issuer', issuer, '--session', 's', '--source', 'ftp://x'], 'source'],
  ])('exits with 2 for %s and names the option', async (_name, args, message) => {
    expect(await runIn(testWorld(), 'revoke', ...args)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(message),
    });
  });
});
