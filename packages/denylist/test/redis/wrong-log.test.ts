import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, startTcpProxy, type TcpProxy, until } from '@revocast/test-support';
import type { Clock } from '../../src/clock.ts';
import { createPublisher } from '../../src/publisher/create-publisher.ts';
import { connectRedis, type RedisConnection } from '../../src/redis/connection/connect.ts';
import { keys } from '../../src/redis/keys.ts';
import { heartbeatScript } from '../../src/redis/scripts/lease.ts';
import { declareScript } from '../../src/redis/scripts/log.ts';
import { LogMemory } from '../../src/replication/log-memory.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { digestOf, digestSetOf } from '../../src/rules/digest.ts';
import { emptyRule } from '../../src/rules/rule.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';
import { systemRandom as random, randomHex, systemClock } from '../../src/system-clock.ts';

const issuer = 'https://login.example.com/';
/** The thirty seconds between two dials pass in three; everything else keeps its time. */
const clock: Clock = {
  ...systemClock,
  sleep: (ms, ...rest) => systemClock.sleep(ms >= 30_000 ? ms / 10 : ms, ...rest),
};

let right: RedisServer;
let wrong: RedisServer;
let identity: string;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  [right, wrong] = await Promise.all([startRedis(), startRedis()]);
  closing.push(
    () => right.stop(),
    () => wrong.stop(),
  );
  identity = await declare(right);
  await declare(wrong);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function ask<Answer>(redis: RedisServer, question: (connection: RedisConnection) => Promise<Answer>) {
  const connection = await connectRedis(parseRedisSource(redis.url, 'source'));
  try {
    return await question(connection);
  } finally {
    connection.close();
  }
}
/** @returns the identity that the log has then. */
const declare = (redis: RedisServer) =>
  ask(redis, async (connection) => {
    await connection.run(declareScript, [keys.rules, keys.log, keys.meta], [randomHex(8), 86_400, 3_600_000]);
    return identityOf(connection);
  });
const identityOf = async (connection: RedisConnection) =>
  String(await connection.call('HGET', [keys.meta, 'identity']));
async function fieldOf(redis: RedisServer, name: string): Promise<string | undefined> {
  const value = await ask(redis, (connection) => connection.call('HGET', [keys.meta, name]));
  return value === null ? undefined : String(value);
}
const rulesIn = (redis: RedisServer) => ask(redis, (connection) => connection.call('HLEN', [keys.rules]));

async function sidecar(
  url: string,
  { expectLog, memory = new LogMemory(clock) }: { expectLog?: string; memory?: LogMemory } = {},
) {
  const source = await openSource(url, { clock, random, newEpoch: () => randomHex(8) });
  const changes: (string | undefined)[][] = [];
  const replica = openReplica({
    ...{ feed: source.feed, clock, random, reseed: source.reseed, memory, expectLog },
    observer: {
      logIdentified(found, before) {
        if (before !== undefined) changes.push([before, found]);
      },
    },
  });
  const heartbeat = source.startHeartbeat?.({ holder: randomHex(4), memory, expectLog });
  closing.push(async () => {
    await heartbeat?.stop();
    await replica.close();
    await source.close();
  });
  return {
    replica,
    memory,
    changes,
    isFresh: () => until(() => replica.status().freshness.state === 'fresh', { what: 'a fresh sidecar' }),
    verdict: (session: string) =>
      replica.check(digestSetOf([{ dimension: 'session', issuer, value: session }]), 1_767_225_600).verdict,
  };
}
/** Only the heartbeats of a sidecar. */
async function heartbeat(redis: RedisServer, memory: LogMemory) {
  const source = await openSource(redis.url, { clock, random, newEpoch: () => randomHex(8) });
  const running = source.startHeartbeat?.({ holder: randomHex(4), memory });
  closing.push(async () => {
    await running?.stop();
    await source.close();
  });
}
async function publisher(url: string, expectLog?: string) {
  const opened = await createPublisher(url, { expectLog, clock });
  closing.push(() => opened.close());
  return (session: string) => opened.revoke({ issuer, session, reason: 'logout' });
}
async function named(redis: RedisServer): Promise<{ url: string; proxy: TcpProxy }> {
  const proxy = await startTcpProxy({ target: redis });
  closing.push(() => proxy.close());
  return { url: `redis://localhost:${proxy.port}`, proxy };
}

describe('a plain name that leads to another server while the old one lives', () => {
  it('is followed to the new server, which is reported, and nothing of the old log is written into it', async () => {
    const { url, proxy } = await named(right);
    const follower = await sidecar(url);
    await follower.isFresh();
    const revoke = await publisher(right.url);
    await revoke('old');
    await until(() => follower.verdict('old') === 'revoked', { what: 'the rule of the old log' });

    proxy.retarget(wrong);
    const elsewhere = await publisher(wrong.url);
    await elsewhere('new');
    await until(() => follower.verdict('new') === 'revoked', { what: 'the rule of the new log' });
    const found = await ask(wrong, identityOf);
    await until(() => follower.changes.length > 0, { what: 'the report' });
    expect(follower.changes).toEqual([[identity, found]]);
    await follower.isFresh();
    expect(await rulesIn(wrong)).toBe(1);
  });

  it('keeps its restart when it began empty while a sidecar still read the old log', async () => {
    const { url, proxy } = await named(right);
    const follower = await sidecar(url);
    await ask(wrong, (connection) => connection.call('FLUSHALL', []));
    const elsewhere = await publisher(wrong.url);
    await elsewhere('new');
    await follower.isFresh();
    const { provenAtMs = 0 } = follower.replica.freshness;
    await until(() => (follower.replica.freshness.provenAtMs ?? 0) > provenAtMs, {
      what: 'a later proof of the old log',
    });

    proxy.retarget(wrong);
    await until(() => follower.verdict('new') === 'revoked', { what: 'the rule of the new log' });
    // So that it need not heal for a quarter of a minute first.
    await ask(wrong, (connection) => connection.call('HSET', [keys.meta, 'healUntil', '0', 'beats', '30']));
    await follower.isFresh();
    const { denialStamp = 0, liftedUpTo } = follower.replica.denylist.restart ?? {};
    expect(denialStamp).toBeGreaterThan(0);
    expect(liftedUpTo).toBe(0);
  });

  it('is followed to a log of the last release, which does not state when it began', async () => {
    const { url, proxy } = await named(right);
    const follower = await sidecar(url);
    await follower.isFresh();
    await ask(wrong, (connection) => connection.call('HDEL', [keys.meta, 'bornAt']));
    proxy.retarget(wrong);
    await until(() => follower.changes.length > 0, { what: 'the other log' });
    const { provenAtMs = 0 } = follower.replica.freshness;
    await until(() => (follower.replica.freshness.provenAtMs ?? 0) > provenAtMs, { what: 'a proof of the other log' });
    expect(follower.changes).toHaveLength(1);
  });

  it('takes none of the lost rules that a sidecar was about to write back when the name moved', async () => {
    const source = await openSource(wrong.url, { clock, random, newEpoch: () => randomHex(8) });
    closing.push(() => source.close());
    const rule = { ...emptyRule, deniedUntil: 2_000_000_000, denialStamp: 1_700_000_000 };
    const lost = [{ digest: digestOf({ dimension: 'session', issuer, value: 'old' }), rule }];
    const { signal } = new AbortController();
    await expect(source.reseed?.append(lost, signal, identity)).rejects.toMatchObject({ code: 'wrong_log' });
    expect(await rulesIn(wrong)).toBe(0);
    expect(await source.reseed?.append(lost, signal, await ask(wrong, identityOf))).toBe(1);
  });

  it('is not left when the new server has the same log', async () => {
    const { url, proxy } = await named(right);
    const follower = await sidecar(url);
    await follower.isFresh();
    const { accepted } = proxy;
    await until(() => proxy.accepted > accepted, { what: 'another dial' });
    await until(() => proxy.active <= 3, { what: 'the end of the other dial' });
    expect([follower.changes, follower.replica.status().freshness.state]).toEqual([[], 'fresh']);
  });
});

describe('two Redises in two configurations', () => {
  it('are noticed by a sidecar that pins the log: it is not fresh and writes nothing back', async () => {
    const other = await sidecar(wrong.url, { expectLog: identity });
    await until(() => other.replica.status().lastError === 'wrong_log', { what: 'the refusal' });
    expect(other.replica.status().freshness.state).toBe('cold');
    expect(await ask(wrong, identityOf)).not.toBe(identity);
  });

  it('are noticed by a publisher that pins the log: nothing is revoked', async () => {
    const revoke = await publisher(wrong.url, identity);
    await expect(revoke('alice')).rejects.toMatchObject({ code: 'wrong_log', applied: false });
    expect(await rulesIn(wrong)).toBe(0);
    expect((await (await publisher(right.url, identity))('alice')).redisReplicas).toBe(0);
  });

  it('are named in the result of enforcedEverywhere', async () => {
    const follower = await sidecar(right.url);
    await follower.isFresh();
    const revoked = await (await publisher(wrong.url))('alice');
    const { everywhere, log } = await revoked.enforcedEverywhere({ timeoutMs: 50 });
    expect(everywhere).toBe(false);
    expect(log).toEqual({ name: wrong.url, identity: await ask(wrong, identityOf), epoch: revoked.epoch });
  });
});

describe('the identity of a log', () => {
  it('comes back after a loss, by a sidecar that remembers it', async () => {
    const follower = await sidecar(right.url);
    await follower.isFresh();
    await until(() => follower.memory.latest?.identity, { what: 'the remembered identity' });
    await ask(right, (connection) => connection.call('FLUSHALL', []));
    await until(async () => (await ask(right, identityOf)) === identity, { what: 'the identity' });
    expect(follower.changes).toEqual([]);
  });

  it('is not drawn by a sidecar that remembers none, while the log may have lost everything', async () => {
    await ask(right, (connection) => connection.call('FLUSHALL', []));
    const cold = await sidecar(right.url);
    await until(() => cold.replica.status().epoch, { what: 'a new log' });
    expect(await fieldOf(right, 'identity')).toBeUndefined();
  });

  it('comes back by a sidecar that remembers it, while one that remembers none has the lease', async () => {
    await ask(right, (connection) => connection.call('FLUSHALL', []));
    await heartbeat(right, new LogMemory(clock));
    await until(async () => fieldOf(right, 'hbAt'), { what: 'a heartbeat' });
    const position = { cursor: '1-0', head: 'b'.repeat(16) };
    await heartbeat(right, new LogMemory(clock, { epoch: 'a'.repeat(16), identity, position }));
    await until(async () => (await ask(right, identityOf)) === identity, { what: 'the identity' });
  });

  it('is not given, without the lease, to a log of the last release that was not lost', async () => {
    const remembered = [identity, '', '', '', '', '', ''];
    const reply = await ask(right, async (connection) => {
      await connection.call('HDEL', [keys.meta, 'identity']);
      await connection.call('SET', [keys.lease, 'a sidecar of the last release', 'PX', '2000']);
      const opening = [randomHex(8), 86_400, 3_600_000, 'this sidecar', 2000, 0, clock.wallMs(), 'boot'];
      const touched = [keys.lease, keys.log, keys.meta, keys.rules];
      return await connection.run(heartbeatScript, touched, [...opening, ...remembered]);
    });
    expect(String(Array.isArray(reply) ? reply[0] : reply)).toBe('held');
    expect(await fieldOf(right, 'identity')).toBeUndefined();
  });

  it('is not drawn for a log that began empty, although it is whole and its restart has ended', async () => {
    await ask(right, (connection) => connection.call('FLUSHALL', []));
    const cold = await sidecar(right.url);
    const { denialStamp } = await until(() => cold.replica.denylist.restart, { what: 'the restart' });
    await ask(right, (connection) => connection.call('HSET', [keys.meta, 'healUntil', '0', 'beats', '30']));
    const source = await openSource(right.url, { clock, random, newEpoch: () => randomHex(8) });
    closing.push(() => source.close());
    await source.reseed?.endRestart?.(denialStamp);
    const before = await fieldOf(right, 'hbAt');
    // It names the log, if at all, before it writes itself.
    await until(async () => (await fieldOf(right, 'hbAt')) !== before, { what: 'a heartbeat after the restart' });
    expect(await fieldOf(right, 'identity')).toBeUndefined();
  });

  it('is drawn when an operator declares a log that began empty whole', async () => {
    await ask(right, (connection) => connection.call('FLUSHALL', []));
    const cold = await sidecar(right.url);
    const epoch = await until(() => cold.replica.status().epoch, { what: 'a new log' });
    expect(await declare(right)).toBe(epoch);
  });

  it('is drawn for a log of an earlier release', async () => {
    await ask(right, (connection) => connection.call('HDEL', [keys.meta, 'identity']));
    await sidecar(right.url);
    await until(async () => /^[0-9a-f]{16}$/.test(await ask(right, identityOf)), { what: 'an identity' });
  });
});

describe('a repeated id', () => {
  it('is enforced everywhere as soon as every replica has applied everything up to it', async () => {
    const source = await openSource(right.url, { clock, random, newEpoch: () => randomHex(8) });
    const process = openReplica({ feed: source.feed, clock, random });
    const heartbeat = source.startHeartbeat?.({ holder: 'us' });
    closing.push(async () => {
      await heartbeat?.stop();
      await process.close();
      await source.close();
    });
    await process.ready({ timeoutMs: 20_000 });
    const opened = await createPublisher(right.url);
    closing.push(() => opened.close());
    const revocation = { issuer, session: 'again', reason: 'logout' } as const;
    await opened.revoke(revocation, { id: 'once' });
    const repeated = await opened.revoke(revocation, { id: 'once' });
    expect(await repeated.enforcedEverywhere()).toMatchObject({ everywhere: true, expected: 1, missing: [] });
  });
});
