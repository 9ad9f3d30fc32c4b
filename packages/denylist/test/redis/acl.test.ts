import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { createPublisher } from '../../src/publisher/create-publisher.ts';
import { keys } from '../../src/redis/keys.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { digestOf, digestSetOf, digestToBytes } from '../../src/rules/digest.ts';
import { emptyRule } from '../../src/rules/rule.ts';
import { openFeed } from '../../src/sources/open-feed.ts';
import { openLookUp } from '../../src/sources/open-look-up.ts';
import { openReplayStore } from '../../src/sources/open-replay-store.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';
import { type Follower, follow, issuer } from './follower.ts';

const documented = readFileSync(new URL('../../../../docs/redis.md', import.meta.url), 'utf8');
const recipe = /^```acl\n(.*?)^```$/ms.exec(documented)?.[1] ?? '';
const passwords = new Map(
  [...recipe.matchAll(/^user (\w+) on >(\S+)/gm)].map(([, user = '', word = '']) => [user, word]),
);
const nowSeconds = () => Math.floor(Date.now() / 1000);
const sessionOf = (session: string) => digestSetOf([{ dimension: 'session', issuer, value: session }]);

describe('given a Redis with the users of docs/redis.md', () => {
  let dir: string;
  let redis: RedisServer;
  let admin: Redis;
  let sidecar: Follower;
  const urlOf = (user: string) => redis.url.replace('redis://', `redis://${user}:${passwords.get(user)}@`);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'revocast-acl-'));
    await writeFile(join(dir, 'users.acl'), `user default on nopass ~* &* +@all\n${recipe}`);
    redis = await startRedis({ dir, config: { aclfile: 'users.acl' } });
    admin = new Redis(redis.url);
    sidecar = await follow(urlOf('sidecar'));
    await sidecar.source.declareWhole?.();
  });
  afterAll(async () => {
    await sidecar.close();
    admin.disconnect();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('a sidecar follows, writes heartbeats, re-seeds, prunes and revokes', async () => {
    expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
    const digest = digestOf({ dimension: 'session', issuer, value: 're-seeded' });
    const rule = { ...emptyRule, deniedUntil: nowSeconds() + 60, denialStamp: nowSeconds() };
    const given = await sidecar.source.reseed?.append([{ digest, rule }], new AbortController().signal);
    expect(given).toBe(1);
    const ended = { ...emptyRule, deniedUntil: 5, denialStamp: 1 };
    const old = digestOf({ dimension: 'session', issuer, value: 'ended' });
    await sidecar.source.reseed?.append([{ digest: old, rule: ended }], new AbortController().signal);
    await until(async () => (await admin.hexists(keys.rules, Buffer.from(digestToBytes(old)))) === 0, {
      what: 'the ended rule to be pruned',
    });
    await sidecar.revoke('by-sidecar');
    await until(() => sidecar.verdict('by-sidecar') === 'revoked', { what: 'its own revocation' });
  });

  it('a sidecar deletes its lease and its line when it stops', async () => {
    const other = await follow(urlOf('sidecar'), { holder: 'other' });
    await other.replica.ready({ timeoutMs: 20_000 });
    await sidecar.close();
    sidecar = other;
    await until(async () => (await admin.get(keys.lease)) === 'other', { what: 'the other sidecar to take the lease' });
    await until(async () => (await admin.hlen(keys.replicas)) === 1, { what: 'one line' });
  });

  it('a sidecar counts usage, and reads the figures', async () => {
    const digest = 'a'.repeat(22);
    await sidecar.source.usage?.add({ subjects: [digest], tokens: { other: [digest] } }, Date.now());
    const figures = await sidecar.source.usage?.read?.(['other'], Date.now());
    expect(figures).toEqual({ subjectsOfDay: 1, subjectsOfMonth: 1, tokensOfDay: { other: 1 } });
  });

  it('a publisher revokes, lifts, and sees that it is enforced everywhere', async () => {
    const publisher = await createPublisher(urlOf('publisher'));
    const published = await publisher.revoke({ issuer, session: 'by-publisher', reason: 'logout' });
    await until(() => sidecar.verdict('by-publisher') === 'revoked', { what: 'the revocation' });
    expect(await published.enforcedEverywhere({ timeoutMs: 20_000 })).toMatchObject({ everywhere: true, expected: 1 });
    await publisher.revoke({ issuer, tenant: 'a broad revocation', reason: 'admin' });
    await publisher.lift({ issuer, session: 'by-publisher' });
    await until(() => sidecar.verdict('by-publisher') === 'active', { what: 'the lift' });
    await publisher.close();
  });

  it('a reader follows without a sidecar', async () => {
    const feed = await openFeed(urlOf('reader'), { clock, random });
    const replica = openReplica({ feed, clock, random });
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await sidecar.revoke('for-reader');
    await until(() => replica.check(sessionOf('for-reader'), nowSeconds()).verdict === 'revoked', {
      what: 'the revocation',
    });
    await replica.close();
  });

  it('a look-up finds a rule, and the absence of a rule', async () => {
    const lookUp = await openLookUp(urlOf('lookup'), { clock, random, timeoutMs: 500 });
    await sidecar.revoke('for-lookup');
    expect(await lookUp.find(sessionOf('for-lookup'), nowSeconds())).toMatchObject({ verdict: 'revoked' });
    expect(await lookUp.find(sessionOf(randomHex(4)), nowSeconds())).toEqual({ verdict: 'active' });
    await lookUp.close();
  });

  it('a replay store accepts each name once', async () => {
    const store = await openReplayStore(urlOf('once'), { clock, random, timeoutMs: 500 });
    expect(await store.take('proof', 60_000)).toBe('first');
    expect(await store.take('proof', 60_000)).toBe('again');
    await store.close();
  });

  describe('that allow no other command', () => {
    const refusedToAll = [
      'FLUSHALL',
      'FLUSHDB',
      'KEYS *',
      'SCAN 0',
      'CONFIG GET *',
      'ACL LIST',
      'CLIENT LIST',
      'SCRIPT FLUSH',
      'SHUTDOWN NOSAVE',
      'REPLICAOF NO ONE',
      'SUBSCRIBE anything',
      'GET other',
      'SET other 1',
      'HSET other field 1',
      `DEL ${keys.rules}`,
      `RENAME ${keys.rules} ${keys.log}`,
      `EXPIRE ${keys.rules} 1`,
      `XTRIM ${keys.log} MAXLEN 0`,
      `XDEL ${keys.log} 0-1`,
    ];
    const write = [`HSET ${keys.rules} field 1`, `HSET ${keys.meta} field 1`, `XADD ${keys.log} * e 1`];
    const maintain = [`HDEL ${keys.rules} field`, `SET ${keys.lease} me`, `HSET ${keys.replicas} other 1`];
    const count = [`PFADD ${keys.usage}:x a`, `PFCOUNT ${keys.usage}:x`, `EXPIRE ${keys.usage}:x 1`];
    const read = [`HSCAN ${keys.rules} 0`, `XREAD STREAMS ${keys.log} 0`, 'INFO', 'EVAL return\u00a01 0'];
    const forbidden: Readonly<Record<string, readonly string[]>> = {
      sidecar: [
        ...refusedToAll,
        `PFADD ${keys.rules} a`,
        `PFMERGE ${keys.usage}:x ${keys.usage}:y`,
        `DEL ${keys.usage}:x`,
        `HDEL ${keys.meta} epoch`,
        `DEL ${keys.meta}`,
      ],
      publisher: [...refusedToAll, ...count, ...maintain, `HSCAN ${keys.rules} 0`],
      reader: [...refusedToAll, ...count, ...write, `HDEL ${keys.rules} field`, `SET ${keys.lease} me`, 'INFO'],
      lookup: [...refusedToAll, ...count, ...write, ...maintain, ...read],
      once: [
        ...refusedToAll,
        ...count,
        ...write,
        ...maintain,
        ...read,
        `HMGET ${keys.rules} field`,
        `GET ${keys.once}:proof`,
      ],
    };
    const rows = Object.entries(forbidden).flatMap(([user, commands]) => commands.map((text) => [user, text] as const));

    it.each(rows)('refuses %s: %s', async (user, text) => {
      const client = new Redis(urlOf(user), { disableClientInfo: true, enableReadyCheck: false });
      client.on('error', () => undefined);
      const [command = '', ...args] = text.split(' ');
      await expect(client.call(command, ...args)).rejects.toThrow(/NOPERM/);
      client.disconnect();
    });

    it.each([...passwords.keys()].filter((user) => user !== 'lookup' && user !== 'once'))(
      'refuses %s inside a script too',
      async (user) => {
        const client = new Redis(urlOf(user), { disableClientInfo: true, enableReadyCheck: false });
        client.on('error', () => undefined);
        for (const command of [`'GET', 'other'`, `'DEL', '${keys.rules}'`, `'XTRIM', '${keys.log}', 'MAXLEN', 0`]) {
          await expect(client.eval(`return redis.call(${command})`, 0)).rejects.toThrow(/script|NOPERM/i);
        }
        client.disconnect();
      },
    );

    it('allows a publisher to empty the log without the script, which is noticed and repaired', async () => {
      await sidecar.revoke('before');
      await until(() => sidecar.verdict('before') === 'revoked', { what: 'the revocation' });
      const client = new Redis(urlOf('publisher'), { disableClientInfo: true, enableReadyCheck: false });
      await client.call('XADD', keys.log, 'MAXLEN', '0', '*', 'e', 'anything');
      client.disconnect();
      await sidecar.revoke('after');
      await until(() => sidecar.verdict('after') === 'revoked', { what: 'a later revocation' });
      expect(sidecar.verdict('before')).toBe('revoked');
    });
  });
});
