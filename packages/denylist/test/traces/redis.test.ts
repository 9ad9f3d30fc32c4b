import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { readClock } from '../../src/clock.ts';
import { readRule, viewOf } from '../../src/codec/rows.ts';
import type { Feed } from '../../src/log/feed.ts';
import { healingBeats } from '../../src/log/healing.ts';
import type { OpenedSource } from '../../src/log/opened-source.ts';
import { createPublisherOver, type Publisher } from '../../src/publisher/publisher.ts';
import { runAppend } from '../../src/redis/append.ts';
import { connectRedis } from '../../src/redis/connection/connect.ts';
import { keys } from '../../src/redis/keys.ts';
import { pruneScript } from '../../src/redis/scripts/prune.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import { type Digest, digestOf, digestSetOf, digestToBytes, digestToHex } from '../../src/rules/digest.ts';
import { restartDigest } from '../../src/rules/log-restart.ts';
import type { Dimension } from '../../src/rules/revocation.ts';
import { emptyRule, forEver, type Rule } from '../../src/rules/rule.ts';
import { openLookUp } from '../../src/sources/open-look-up.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { parseSource, type RedisSource } from '../../src/sources/source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';
import { ruleAt, slotWords } from '../../src/table/rule-segment.ts';

const issuer = 'https://login.example.com/';
const ports = { clock, random, newEpoch: () => randomHex(8) };
const named = (session: string) => ({ dimension: 'session' as Dimension, issuer, value: session });
const digestsOf = (session: string) => digestSetOf([named(session)]);
const futureIat = 0xffff_0000;

// Real servers and real pauses, which take longer on a busy machine.
jest.setTimeout(60_000);

let redis: RedisServer;
let admin: Redis;
let source: OpenedSource;
let publisher: Publisher;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url, { retryStrategy: () => 20 });
  admin.on('error', () => {}); // it is killed on purpose
  source = await openSource(redis.url, ports);
  publisher = createPublisherOver({ log: source.log, feed: source.feed, clock, newId: () => randomHex(8) });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await source.close();
  admin.disconnect();
  await redis.stop();
});

const beat = () => {
  const heartbeat = source.startHeartbeat?.({ holder: randomHex(4) });
  if (heartbeat !== undefined) closing.push(() => heartbeat.stop());
};
const follow = async (feed: Feed = source.feed): Promise<Replica> => {
  const { reseed } = source;
  const replica = openReplica({ feed, clock, random, reseed });
  closing.push(() => replica.close());
  return replica;
};
const lookUp = async () => {
  const opened = await openLookUp(redis.url, { ...ports, timeoutMs: 1000 });
  closing.push(() => opened.close());
  return opened;
};

describe('a log that is lost', () => {
  it('has another epoch after every loss, although the server starts with the same random seed', async () => {
    const epochs = new Set<string>();
    for (let start = 0; start < 3; start++) {
      epochs.add((await publisher.revoke({ issuer, session: 's', reason: 'logout' })).epoch);
      await redis.restart();
      await until(async () => (await admin.ping()) === 'PONG', { what: 'redis to be back' });
      await until(
        async () => {
          await source.declareWhole?.();
          return true;
        },
        { what: 'the source to be back' },
      );
      await admin.flushall();
    }
    expect(epochs.size).toBe(3);
  });

  it('makes a look-up answer unknown until its healing ends, and then has the re-seeded rules', async () => {
    await source.declareWhole?.();
    beat();
    const holder = await follow();
    const asked = await lookUp();
    await publisher.revoke({ issuer, session: 'held', reason: 'logout' });
    await until(() => holder.check(digestsOf('held'), futureIat).verdict === 'revoked', {
      what: 'the replica to hold it',
    });
    expect(await holder.ready({ timeoutMs: 20_000 })).toBe(true);

    await admin.flushall();
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'healing' });
    await until(async () => (await asked.find(digestsOf('held'), futureIat)).verdict === 'revoked', {
      what: 'the replica to give it back',
    });
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'healing' });
    // It had every rule when the loss was noticed, so it may stay fresh; a replica that starts now may not become fresh.
    await until(() => holder.freshness.isFresh(), { what: 'the survivor to be fresh' });
    const cold = await follow();
    await until(() => cold.check(digestsOf('held'), futureIat).verdict === 'revoked', {
      what: 'the cold replica to have a snapshot',
    });
    expect(await cold.ready({ timeoutMs: 1500 })).toBe(false);
    expect(cold.check(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'healing' });
  });
});

describe('an event id', () => {
  const idOf = (session: string, id: string) => publisher.revoke({ issuer, session, reason: 'logout' }, { id });

  it('belongs to one statement: a retry succeeds, another statement is refused and not lost silently', async () => {
    const first = await idOf('s-1', 'one');
    expect(await idOf('s-1', 'one')).toMatchObject({ loggedAtMs: first.loggedAtMs });
    await expect(idOf('s-2', 'one')).rejects.toMatchObject({ code: 'id_conflict', applied: false });
    await expect(publisher.lift({ issuer, session: 's-1' }, { id: 'one' })).rejects.toMatchObject({
      code: 'id_conflict',
    });
    expect(await admin.xlen(keys.log)).toBe(2);
  });

  it('of a publisher of the last release, which wrote only the id, is a repetition', async () => {
    await idOf('s-1', 'one');
    await admin.zrem(keys.ids, ...(await admin.zrange(keys.ids, '0', '-1')).filter((member) => member !== 'one'));
    await expect(idOf('s-2', 'one')).resolves.toMatchObject({ id: 'one' });
    expect(await admin.xlen(keys.log)).toBe(2);
  });
});

describe('a rule with a lift that no clock can have stated', () => {
  it('does not keep its value from being revoked, and its lift is ignored', async () => {
    await source.declareWhole?.();
    const digest = digestOf(named('poisoned'));
    const poison = Buffer.from(`${'00000000'.repeat(3)}ffffffff`, 'hex');
    await admin.hset(keys.rules, Buffer.from(digestToBytes(digest)), poison);
    beat();
    const replica = await follow();
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    await publisher.revoke({ issuer, session: 'poisoned', reason: 'logout' });
    await until(() => replica.check(digestsOf('poisoned'), futureIat).verdict === 'revoked', {
      what: 'it to be denied',
    });
    await publisher.lift({ issuer, session: 'poisoned' });
    await until(() => replica.check(digestsOf('poisoned'), futureIat).verdict === 'active', {
      what: 'it to be lifted',
    });
  });

  it('cannot be lifted when its stamp is impossible too: the error says what to do', async () => {
    const digest = digestOf(named('unliftable'));
    const poison = Buffer.from('ffffffff00000000ffffffff00000000', 'hex');
    await admin.hset(keys.rules, Buffer.from(digestToBytes(digest)), poison);
    await expect(publisher.lift({ issuer, session: 'unliftable' })).rejects.toThrow(/revocast-sidecar repair/);
    await publisher.revoke({ issuer, session: 'good', reason: 'logout' });
    const complaints = async () => (await source.health?.())?.misconfigurations.map(({ name }) => name);
    expect(await complaints()).toContain('rules_impossible');
    expect(await source.repair?.()).toBe(1);
    expect(await complaints()).not.toContain('rules_impossible');
    expect(await source.repair?.()).toBe(0);
    expect(await admin.hexists(keys.rules, Buffer.from(digestToBytes(digestOf(named('good')))))).toBe(1);
    await publisher.lift({ issuer, session: 'unliftable' });
  });
});

describe('the restart of a log', () => {
  const nobody = digestsOf('nobody');
  const restartInLog = async () => {
    const found = await admin.hgetBuffer(keys.rules, Buffer.from(digestToBytes(restartDigest)));
    return found === null ? undefined : readRule(viewOf(found), 0);
  };
  const lastSecond = async () => Number((await admin.time())[0]);

  it('is written by every script that creates a log, and not by the one that declares it', async () => {
    const before = await lastSecond();
    await publisher.revoke({ issuer, session: 's', reason: 'logout' });
    const written = await restartInLog();
    expect(written).toMatchObject({ issuedUpTo: 0, liftedUpTo: 0 });
    expect(written?.denialStamp).toBeGreaterThanOrEqual(before);
    expect(written?.deniedUntil).toBe((written?.denialStamp ?? 0) + 86_400 + 600);
    expect(await admin.xlen(keys.log)).toBe(2);

    await admin.flushall();
    beat();
    await until(async () => (await restartInLog()) !== undefined, { what: 'a heartbeat to make a log' });

    for (const close of closing.splice(0)) await close();
    await admin.flushall();
    expect(await source.declareWhole?.()).toBe('created');
    expect([await restartInLog(), await admin.xlen(keys.log)]).toEqual([undefined, 0]);
  });

  it('is ended with the stamp that was seen, and not with another one', async () => {
    await publisher.revoke({ issuer, session: 's', reason: 'logout' });
    const { denialStamp = 0 } = (await restartInLog()) ?? {};
    await source.reseed?.endRestart?.(denialStamp - 1);
    expect(await restartInLog()).toMatchObject({ liftedUpTo: 0 });
    await source.reseed?.endRestart?.(denialStamp);
    expect(await restartInLog()).toMatchObject({ liftedUpTo: denialStamp });
    await source.reseed?.endRestart?.(denialStamp);
    expect(await admin.xlen(keys.log)).toBe(3);
  });

  it('ends when a replica that was fresh has re-seeded every rule, also for replicas without rules', async () => {
    await source.declareWhole?.();
    beat();
    const holder = await follow();
    expect(await holder.ready({ timeoutMs: 20_000 })).toBe(true);
    await publisher.revoke({ issuer, session: 'held', reason: 'logout' });
    await until(() => holder.check(digestsOf('held'), futureIat).verdict === 'revoked', { what: 'it to be held' });

    await admin.flushall();
    const begins = async (births: number) => {
      await until(async () => ((await restartInLog())?.denialStamp ?? 0) > births, { what: 'the next log' });
      await until(
        async () => {
          const { denialStamp = 0, liftedUpTo = 0 } = (await restartInLog()) ?? {};
          return liftedUpTo >= denialStamp;
        },
        { what: 'the restart to be ended' },
      );
      const { denialStamp = 0 } = (await restartInLog()) ?? {};
      return denialStamp;
    };
    const first = await begins(0);
    expect(await admin.hexists(keys.rules, Buffer.from(digestToBytes(digestOf(named('held')))))).toBe(1);
    await until(() => holder.status().restartedAtSeconds === undefined && holder.freshness.isFresh(), {
      what: 'the holder to be fresh',
    });
    expect(holder.check(nobody, futureIat)).toEqual({ verdict: 'active' });

    // And again: the end of the first restart does not end the second.
    await until(async () => (await lastSecond()) > first, { what: 'another second' });
    await admin.flushall();
    expect(await begins(first)).toBeGreaterThan(first);
  });

  it('is in force without a fresh replica, for a new replica and for a look-up, until init ends it', async () => {
    beat();
    await until(async () => (await restartInLog()) !== undefined, { what: 'a heartbeat to make a log' });
    await admin.hset(keys.meta, 'healUntil', 0, 'beats', healingBeats); // 15 s later
    const restartedAtSeconds = (await restartInLog())?.denialStamp;
    const cold = await follow();
    expect(await cold.ready({ timeoutMs: 20_000 })).toBe(true);
    const asked = await lookUp();
    const expected = { verdict: 'active', restartedAtSeconds };
    expect(cold.check(nobody, futureIat)).toEqual(expected);
    expect(await asked.find(nobody, futureIat)).toEqual(expected);
    expect(cold.status()).toMatchObject({ restartedAtSeconds });

    expect(await source.declareWhole?.()).toBe('healed');
    expect(await asked.find(nobody, futureIat)).toEqual({ verdict: 'active' });
    await until(() => cold.status().restartedAtSeconds === undefined, { what: 'the end of the restart' });
    expect(await source.declareWhole?.()).toBe('whole');
  });
});

describe('a look-up in a Redis without new heartbeats', () => {
  it('counts "not found" while the last heartbeat is within the bound, and "found" always', async () => {
    await source.declareWhole?.();
    await publisher.revoke({ issuer, session: 'held', reason: 'logout' });
    const asked = await lookUp();
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'log_stale' });
    const beatAt = async (ageMs: number) => {
      const [seconds, micros] = await admin.time();
      await admin.hset(keys.meta, 'hbAt', Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - ageMs);
    };
    await beatAt(4000);
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'active' });
    await beatAt(5001);
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'log_stale' });
    // A clock that was set back, or a failover to a slower clock: a heartbeat in the future is no proof.
    await beatAt(-6000);
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'log_stale' });
    expect((await asked.find(digestsOf('held'), futureIat)).verdict).toBe('revoked');
  });

  it('ends a denial by the earlier of two clocks: that of Redis may be hours ahead', async () => {
    await source.declareWhole?.();
    const until = Math.floor(clock.wallMs() / 1000) - 3600;
    const row = Buffer.alloc(16);
    row.writeUInt32BE(until, 0);
    row.writeUInt32BE(until - 60, 8);
    await admin.hset(keys.rules, Buffer.from(digestToBytes(digestOf(named('ended')))), row);
    const slow = { ...clock, wallMs: () => clock.wallMs() - 7_200_000 };
    const asked = await openLookUp(redis.url, { ...ports, clock: slow, timeoutMs: 1000 });
    closing.push(async () => asked?.close());
    expect(await asked?.find(digestsOf('ended'), futureIat)).toMatchObject({ verdict: 'revoked' });
    expect(await (await lookUp()).find(digestsOf('ended'), futureIat)).not.toMatchObject({ verdict: 'revoked' });
  });

  it.each(['soon', 'NaN', ''])('does not count "not found" when the last heartbeat is %j', async (hbAt) => {
    await source.declareWhole?.();
    const asked = await lookUp();
    await admin.hset(keys.meta, 'hbAt', hbAt);
    expect(await asked.find(digestsOf('other'), futureIat)).toEqual({ verdict: 'unknown', cause: 'log_stale' });
  });

  it('does not count "not found" when the end of the healing is empty', async () => {
    await source.declareWhole?.();
    const asked = await lookUp();
    const [seconds] = await admin.time();
    await admin.hset(keys.meta, 'hbAt', Number(seconds) * 1000, 'healUntil', '');
    expect(await asked.find(digestsOf('other'), futureIat)).toMatchObject({ verdict: 'unknown' });
  });
});

describe('a snapshot of thousands of rules with one end second', () => {
  it('has every rule that existed from start to end, while others are pruned, raised and lifted', async () => {
    await source.declareWhole?.();
    const connection = await connectRedis(redisSource());
    closing.push(async () => connection.close());
    const end = 1_000_000_000; // long ago, so that `prune` deletes the rules
    const digests = Array.from({ length: 6000 }, (_, index) => digestOf(named(`s${index}`)));
    const write = (digest: Digest, rule: Partial<Rule>) =>
      runAppend(
        connection,
        {
          digest,
          statement: { kind: 'seed', rule: { ...emptyRule, ...rule } },
          details: { id: 'reseed', kind: 'reseed' },
        },
        readClock(clock),
      );
    await Promise.all(digests.map((digest) => write(digest, { deniedUntil: end, denialStamp: 7 })));

    const shown = new Map<string, Rule>();
    const feed = await source.feed.connect(new AbortController().signal, { id: 'r', progress: () => [] });
    closing.push(async () => feed.close());
    let page = 0;
    const touched = {
      pruned: digests.slice(0, 1500),
      raised: digests.slice(1500, 3000),
      liftedUpTo: digests.slice(3000, 4500),
    };
    for await (const rows of feed.snapshot()) {
      for (let at = 0; at < rows.length; at += slotWords) {
        shown.set(digestToHex(rows.slice(at, at + 4)), ruleAt(rows, at));
      }
      page += 1;
      if (page > 1) continue;
      await connection.run(
        pruneScript,
        [keys.rules, keys.meta],
        [forEver, ...touched.pruned.map((digest) => digestToBytes(digest))],
      );
      await Promise.all(touched.raised.map((digest) => write(digest, { deniedUntil: forEver, denialStamp: 8 })));
      await Promise.all(touched.liftedUpTo.map((digest) => write(digest, { liftedUpTo: 7 })));
    }
    expect(page).toBeGreaterThan(1);
    expect(await admin.hlen(keys.rules)).toBe(4500);
    expect(digests.slice(1500).filter((digest) => !shown.has(digestToHex(digest)))).toEqual([]);
  });
});

describe('an acknowledgement', () => {
  it('without the confirmation of a redis replica says that the revocation is in force, and a retry by id writes nothing', async () => {
    const replica = await startRedis({ replicaOf: { host: redis.host, port: redis.port } });
    closing.push(() => replica.stop());
    await source.declareWhole?.();
    await until(async () => /connected_slaves:1[\s\S]*state=online/.test(await admin.info('replication')), {
      what: 'the redis replica to be online',
    });
    const confirmed = await publisher.revoke({ issuer, session: 'a', reason: 'logout' });
    expect(confirmed.redisReplicas).toBe(1);

    replica.pause();
    const attempt = publisher.revoke({ issuer, session: 'b', reason: 'logout' }, { id: 'once' });
    await expect(attempt).rejects.toMatchObject({ code: 'not_durable', applied: true, id: 'once' });
    expect(await admin.hexists(keys.rules, Buffer.from(digestToBytes(digestOf(named('b')))))).toBe(1);
    replica.resume();
    const entries = await admin.xlen(keys.log);
    await expect(publisher.revoke({ issuer, session: 'b', reason: 'logout' }, { id: 'once' })).resolves.toMatchObject({
      redisReplicas: 1,
    });
    expect(await admin.xlen(keys.log)).toBe(entries);
  });

  it('that a queue repeats after the lift does not block again', async () => {
    await source.declareWhole?.();
    beat();
    const asked = await lookUp();
    await publisher.revoke({ issuer, subject: 'ann', block: true, reason: 'admin' }, { id: 'block-1' });
    await publisher.lift({ issuer, subject: 'ann' });
    await publisher.revoke({ issuer, subject: 'ann', block: true, reason: 'admin' }, { id: 'block-1' });
    const ann = digestSetOf([{ dimension: 'subject', issuer, value: 'ann' }]);
    await until(async () => (await asked.find(ann, futureIat)).verdict === 'active', { what: 'a heartbeat' });
  });
});

describe('a log that this reader cannot read', () => {
  it('keeps the reader stale when a newer reader is needed, but not for one unreadable entry', async () => {
    await source.declareWhole?.();
    beat();
    const reader = await follow();
    expect(await reader.ready({ timeoutMs: 20_000 })).toBe(true);
    await admin.xadd(keys.log, '*', 'p', 'nonsense', 'e', '9|x');
    await until(() => !reader.freshness.isFresh(), { what: 'the hole to be noticed' });
    expect(await reader.ready({ timeoutMs: 20_000 })).toBe(true);

    await admin.hset(keys.meta, 'minReader', 2);
    await admin.xadd(keys.log, '*', 'p', 'nonsense', 'e', '9|x');
    await until(() => !reader.freshness.isFresh(), { what: 'the newer format to be noticed' });
    expect(await reader.ready({ timeoutMs: 1500 })).toBe(false);
    expect(reader.status().freshness).toMatchObject({ state: 'stale', cause: 'gap' });
  });
});

function redisSource(): RedisSource {
  const parsed = parseSource(redis.url);
  if (parsed.kind !== 'redis') throw new Error('expected a redis source');
  return parsed;
}
