import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import type { OpenedSource } from '../../src/log/opened-source.ts';
import { createPublisherOver, type Publisher } from '../../src/publisher/publisher.ts';
import { keys } from '../../src/redis/keys.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import { trustedIssuers } from '../../src/rules/trusted-issuers.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

const issuer = 'https://login.example.com/';
const ports = { clock, random, newEpoch: () => randomHex(8) };

describe('given a log in Redis and its readers', () => {
  let redis: RedisServer;
  let admin: Redis;
  let source: OpenedSource;
  let publisher: Publisher;
  let heartbeat: { stop(): Promise<void> } | undefined;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    source = await openSource(redis.url, ports);
    await source.declareWhole?.();
    heartbeat = source.startHeartbeat?.({ holder: 'test' });
    publisher = createPublisherOver({ log: source.log, feed: source.feed, clock, newId: () => randomHex(8) });
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.close()));
    await admin.del(keys.replicas);
  });
  afterAll(async () => {
    await heartbeat?.stop();
    await source.close();
    admin.disconnect();
    await redis.stop();
  });

  const startReplica = async () => {
    const replica = openReplica({ feed: source.feed, clock, random });
    replicas.push(replica);
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    return replica;
  };
  const revoke = () => publisher.revoke({ issuer, session: randomHex(4), reason: 'logout' });
  /** Writes a line as another reader does. */
  const writeLine = (name: string, line: { ageMs: number; replicas: unknown }, version = '1') => {
    const { ageMs, replicas: listed } = line;
    return admin.hset(keys.replicas, name, `${version}|${Date.now() - ageMs}|none|none|0-1|${JSON.stringify(listed)}`);
  };

  it('never reports everywhere while no replica has joined', async () => {
    const published = await revoke();
    await expect(published.enforcedEverywhere({ timeoutMs: 50 })).resolves.toMatchObject({
      everywhere: false,
      expected: 0,
    });
  });

  it('names a replica that has not applied it, at the timeout', async () => {
    await startReplica();
    await writeLine('lagging', { ageMs: 0, replicas: [['process-9', '0-1', 0, 5000]] });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 1000 });
    expect(result).toMatchObject({ everywhere: false, enforced: 1, expected: 2, missing: ['process-9'] });
  });

  it.each([
    // Well below the limit of 7500, because the line is older when the test asks.
    ['waits for a replica until it can no longer be fresh', 6000, 1],
    ['counts it as expired after that', 7600, 0],
  ])('%s', async (_name, ageMs, missing) => {
    await startReplica();
    await writeLine('silent', { ageMs, replicas: [['process-9', '0-1', 0, 5000]] });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: missing === 0 ? 20_000 : 1000 });
    expect(result).toMatchObject({ expired: 1 - missing, everywhere: missing === 0 });
    expect(result.missing).toHaveLength(missing);
  });

  it('lists a silent fail-open replica for as long as its line exists, because it never stops accepting', async () => {
    await startReplica();
    await writeLine('open', { ageMs: 60_000, replicas: [['process-9', '0-1', 1, 5000]] });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 20_000 });
    expect(result).toMatchObject({ everywhere: true, failOpen: 1 });
  });

  it('misses a sidecar that has not applied it, although every process behind it has', async () => {
    await startReplica();
    await writeLine('sidecar', { ageMs: 0, replicas: [['sidecar', '0-1', 0, 5000, 1]] });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 1000 });
    expect(result).toMatchObject({ everywhere: false, enforced: 1, expected: 1, missing: ['sidecar'] });
  });

  it('waits until no process can use an older answer of a look-up', async () => {
    await startReplica();
    await writeLine('with look-up', { ageMs: 60_000, replicas: [['process-9', '0-1', 0, 5000, 2]] });
    const published = await revoke();
    const appendedAtMs = clock.monotonicMs();
    expect(await published.enforcedEverywhere({ timeoutMs: 20_000 })).toMatchObject({ everywhere: true });
    expect(clock.monotonicMs() - appendedAtMs).toBeGreaterThan(1000);
  });

  it.each<[string, () => Record<string, number | string>]>([
    ['heartbeats were interrupted a moment ago', () => ({ steadySince: Date.now() - 10_000 })],
    ['heartbeats were never counted', () => ({ steadySince: '' })],
  ])('does not report everywhere when lines may be missing: %s', async (_name, meta) => {
    await startReplica();
    const { steadySince = '' } = meta();
    if (steadySince === '') await admin.hdel(keys.meta, 'steadySince');
    else await admin.hset(keys.meta, { steadySince });
    // On a busy machine a reader rests half a second between two reports.
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 1500 });
    await admin.hset(keys.meta, 'steadySince', 0);
    expect(result).toMatchObject({ everywhere: false, enforced: 1, expected: 1, missing: [] });
  });

  it('reports everywhere once heartbeats have been steady for longer than a reader may be fresh without a line', async () => {
    await startReplica();
    await admin.hset(keys.meta, 'steadySince', Date.now() - 13_000);
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 20_000 });
    await admin.hset(keys.meta, 'steadySince', 0);
    expect(result).toMatchObject({ everywhere: true });
  });

  it('does not report everywhere after a heartbeat of the last release, which notices no pauses', async () => {
    await startReplica();
    await heartbeat?.stop();
    const beatAt = Date.now();
    await admin.hset(keys.meta, { hbAt: beatAt, ownBeatAt: beatAt - 500 });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 300 });
    heartbeat = source.startHeartbeat?.({ holder: 'test' });
    await until(async () => Number(await admin.hget(keys.meta, 'steadySince')) > beatAt, { what: 'a new beginning' });
    await admin.hset(keys.meta, 'steadySince', 0);
    expect(result).toMatchObject({ everywhere: false });
  });

  it('does not wait for the reader of a line that the clock of Redis has not reached', async () => {
    await startReplica();
    await writeLine('dated by a clock that is gone', {
      ageMs: -3_600_000,
      replicas: [['process-9', '0-1', 0, 5000, 0]],
    });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 20_000 });
    expect(result).toMatchObject({ everywhere: true, expired: 1 });
  });

  it('does not compare positions of another history', async () => {
    await startReplica();
    await writeLine('elsewhere', { ageMs: 0, replicas: [['process-9', '9999999999999-0', 0, 5000]] });
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 1000 });
    expect(result).toMatchObject({ everywhere: false, missing: ['process-9'] });
  });

  it('does not report everywhere when a line has a newer format', async () => {
    await startReplica();
    await writeLine('newer', { ageMs: 0, replicas: [] }, '2');
    const result = await (await revoke()).enforcedEverywhere({ timeoutMs: 100 });
    expect(result).toMatchObject({ everywhere: false });
  });

  it('does not report everywhere after the log was replaced', async () => {
    await startReplica();
    const published = await revoke();
    await admin.hset(keys.meta, 'epoch', '0000000000000000');
    await expect(published.enforcedEverywhere({ timeoutMs: 50 })).resolves.toMatchObject({ everywhere: false });
    await admin.hset(keys.meta, 'epoch', published.epoch);
  });

  it('reports everywhere for a repeated id, when every replica has applied the log up to its end', async () => {
    await startReplica();
    const revocation = { issuer, session: randomHex(4), reason: 'logout' } as const;
    await publisher.revoke(revocation, { id: 'twice' });
    const repeated = await publisher.revoke(revocation, { id: 'twice' });
    await expect(repeated.enforcedEverywhere()).resolves.toMatchObject({ everywhere: true });
  });

  describe('asked whether a process trusts an issuer', () => {
    const trusted = trustedIssuers([issuer]);
    const startTrusting = async (issuers?: () => string) => {
      const replica = openReplica({ feed: source.feed, clock, random, issuers });
      replicas.push(replica);
      expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    };
    const answerFor = async (named: string) =>
      await (await publisher.revoke({ issuer: named, session: randomHex(4), reason: 'logout' })).issuerTrustedBy();
    const answers = async () => [await answerFor(issuer), await answerFor('https://login.example.com')];

    it('answers some for exactly this issuer, and none for another one', async () => {
      await Promise.all([1, 2, 3].map(() => startTrusting(() => trusted)));
      expect(await answers()).toEqual(['some', 'none']);
    });

    it('answers unknown instead of none while one process has not stated its issuers', async () => {
      await Promise.all([startTrusting(() => trusted), startTrusting()]);
      expect(await answers()).toEqual(['some', 'unknown']);
    });

    it('answers unknown while no process has joined', async () => {
      await writeLine('sidecar', { ageMs: 0, replicas: [['sidecar', '0-1', 0, 5000, 1, null, '']] });
      expect(await answers()).toEqual(['unknown', 'unknown']);
    });

    it.each<[string, number, unknown[], string]>([
      ['a line of the last release', 0, [['process-9', '0-1', 0, 5000]], 'unknown'],
      ['such a line of a process that can no longer be fresh', 7600, [['process-9', '0-1', 0, 5000]], 'none'],
      [
        'such a line of a silent process that accepts while it does not know',
        60_000,
        [['process-9', '0-1', 1, 5000]],
        'unknown',
      ],
      [
        'a sidecar that states the issuers of the replicas behind it',
        0,
        [
          ['sidecar', '0-1', 0, 5000, 1, null, trusted],
          ['process-9', '0-1', 0, 5000, 0],
        ],
        'none',
      ],
      [
        'a sidecar that states any',
        0,
        [
          ['sidecar', '0-1', 0, 5000, 1],
          ['process-9', '0-1', 0, 5000, 0, null, trusted],
        ],
        'unknown',
      ],
    ])('reads %s', async (_name, ageMs, lines, expected) => {
      await startTrusting(() => trusted);
      await writeLine('other', { ageMs, replicas: lines });
      expect(await answers()).toEqual(['some', expected]);
    });

    it('answers unknown instead of none while lines may be missing', async () => {
      await startTrusting(() => trusted);
      await admin.hset(keys.meta, { steadySince: Date.now() - 10_000 });
      const found = await answers();
      await admin.hset(keys.meta, 'steadySince', 0);
      expect(found).toEqual(['some', 'unknown']);
    });

    it('answers unknown for a lift by id, which names no issuer', async () => {
      await startTrusting(() => trusted);
      const { id } = await revoke();
      expect(await (await publisher.lift({ id })).issuerTrustedBy()).toBe('unknown');
      expect(await (await publisher.lift({ issuer, session: 's' })).issuerTrustedBy()).toBe('some');
    });
  });

  it('keeps a reader stale that cannot write its line, because no publisher would wait for it', async () => {
    await admin.call('ACL', 'SETUSER', 'blind', 'on', '>pw', '~*', '+@all', '-hset');
    const blind = await openSource(redis.url.replace('redis://', 'redis://blind:pw@'), ports);
    const failures: unknown[] = [];
    const replica = openReplica({
      feed: blind.feed,
      clock,
      random,
      observer: { connectionFailed: (error) => failures.push(error) },
    });
    replicas.push(replica);
    await until(() => failures.length > 0, { what: 'a refused report' });
    expect(replica.freshness.isFresh()).toBe(false);
    expect(failures[0]).toMatchObject({ code: 'no_permission' });
    await blind.close();
  });
});
