import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { decodeRememberedLog, encodeRememberedLog } from '../../src/codec/remembered-log.ts';
import { healingBeats } from '../../src/log/healing.ts';
import { linkHead } from '../../src/log/link-head.ts';
import { recoveryWaitMs } from '../../src/log/log-gap.ts';
import { connectRedis, type RedisConnection } from '../../src/redis/connection/connect.ts';
import { keys } from '../../src/redis/keys.ts';
import { declareScript } from '../../src/redis/scripts/log.ts';
import type { RememberedLog } from '../../src/replication/log-memory.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';
import { randomHex } from '../../src/system-clock.ts';
import { type Follower, follow } from './follower.ts';

let redis: RedisServer;
const running: Follower[] = [];

beforeEach(async () => {
  redis = await startRedis({ config: { save: '', dbfilename: 'dump.rdb' } });
  await ask(async (connection) => {
    await connection.run(declareScript, [keys.rules, keys.log, keys.meta], [randomHex(8), 86_400, 3_600_000]);
  });
});
afterEach(async () => {
  await stopAll();
  await redis.stop();
});

async function ask<Answer>(question: (connection: RedisConnection) => Promise<Answer>): Promise<Answer> {
  const connection = await connectRedis(parseRedisSource(redis.url, 'source'));
  try {
    return await question(connection);
  } finally {
    connection.close();
  }
}
async function start(remembered?: RememberedLog): Promise<Follower> {
  const follower = await follow(redis.url, { remembered });
  running.push(follower);
  return follower;
}
async function startFresh(remembered?: RememberedLog): Promise<Follower> {
  const follower = await start(remembered);
  await isFresh(follower);
  return follower;
}
async function stopAll() {
  for (const follower of running.splice(0)) await follower.close();
}
const isFresh = (follower: Follower) =>
  until(() => follower.replica.status().freshness.state === 'fresh', { what: 'a fresh sidecar', timeoutMs: 40_000 });
const restartOf = (follower: Follower) => follower.replica.status().restartedAtSeconds;
/** What a state file keeps. */
const memoryOf = (follower: Follower) => {
  const { latest } = follower.memory;
  if (latest === undefined) throw new Error('expected a sidecar that remembers its log');
  const read = decodeRememberedLog(encodeRememberedLog(latest));
  if (typeof read === 'string') throw new Error(read);
  return read;
};
const remembersRule = (follower: Follower) => until(() => follower.memory.latest?.rule, { what: 'a remembered entry' });

const backup = () => join(redis.dir, 'backup.rdb');
async function save() {
  await ask((connection) => connection.call('SAVE', []));
  await copyFile(join(redis.dir, 'dump.rdb'), backup());
}
async function restore() {
  await redis.kill();
  await rm(join(redis.dir, 'dump.rdb'), { force: true });
  await copyFile(backup(), join(redis.dir, 'dump.rdb'));
  await redis.restart();
}
/** A sidecar revokes after a backup is made, all stop, and the backup is restored. @returns what that one remembers. */
async function loseRevocation(): Promise<RememberedLog> {
  const before = await startFresh();
  await save();
  await before.revoke('lost');
  await remembersRule(before);
  const remembered = memoryOf(before);
  await stopAll();
  await restore();
  return remembered;
}
/** As if no heartbeat had been written for an hour. */
const letAnHourPass = () =>
  ask(async (connection) => {
    const at = Number(await connection.call('HGET', [keys.meta, 'hbAt']));
    await connection.call('HSET', [keys.meta, 'hbAt', at - 3_600_000]);
  });
/** As if the fifteen seconds had passed, with their heartbeats, that sidecars have to show that the log continues. */
async function letTheWaitPass(follower: Follower) {
  await until(() => follower.replica.status().freshness.cause === 'healing', { what: 'recovery' });
  await ask(async (connection) => {
    const at = Number(await connection.call('HGET', [keys.meta, 'hbAt']));
    expect(Number(await connection.call('HGET', [keys.meta, 'gapUntil'])) - at).toBeLessThanOrEqual(recoveryWaitMs);
    await connection.call('HSET', [keys.meta, 'gapUntil', at, 'healUntil', at, 'beats', healingBeats]);
  });
}
/** A heartbeat in the log, as a sidecar would have written it so much later. */
const beatLater = (ms: number) =>
  ask(async (connection) => {
    const [head, seq, lastId] = readTexts(await connection.call('HMGET', [keys.meta, 'head', 'seq', 'lastId']));
    const next = Number(seq) + 1;
    const at = Number(lastId.split('-')[0]) + ms;
    const event = `1|h|${next}|${at}|0`;
    await connection.call('XADD', [keys.log, `${at}-0`, 'p', head, 'e', event]);
    await connection.call('HSET', [...[keys.meta, 'head', linkHead(head, event), 'seq', next, 'lastId', `${at}-0`]]);
  });
function readTexts(reply: unknown): [string, string, string] {
  const [a = '', b = '', c = ''] = Array.isArray(reply) ? reply.map(String) : [];
  return [a, b, c];
}

describe('a backup that is restored while every sidecar is stopped', () => {
  it('is marked as a restart when the log made no heartbeats for over a minute, and answers unknown until then', async () => {
    await loseRevocation();
    await letAnHourPass();

    const after = await start();
    await until(() => after.replica.status().freshness.cause === 'healing', { what: 'recovery' });
    expect(after.verdict('lost')).toBe('unknown');
    await letTheWaitPass(after);
    await isFresh(after);
    expect(restartOf(after)).toBeDefined();
  });

  it('is marked as a restart also when the clock of Redis is set back by hours during the wait', async () => {
    await loseRevocation();
    await letAnHourPass();

    const after = await start();
    await until(() => after.replica.status().freshness.cause === 'healing', { what: 'recovery' });
    // What that clock has dated ends hours from now by the clock that is set back.
    const gapUntil = () => ask(async (connection) => Number(await connection.call('HGET', [keys.meta, 'gapUntil'])));
    const later = (await gapUntil()) + 3 * 3_600_000;
    await ask((connection) => connection.call('HSET', [keys.meta, 'gapUntil', later, 'healUntil', later]));
    await until(async () => (await gapUntil()) < later, { what: 'a wait that is dated again' });
    await letTheWaitPass(after);
    await isFresh(after);
    expect(restartOf(after)).toBeDefined();
  });

  it('is marked at once by a sidecar that remembers a later rule', async () => {
    const after = await startFresh(await loseRevocation());
    expect(restartOf(after)).toBeDefined();
  });

  it('is marked by it also when another sidecar has begun to write before, and its own number is overtaken', async () => {
    const remembered = await loseRevocation();
    const forgetful = await startFresh();
    for (let index = 0; index < 20; index += 1) await forgetful.revoke(`new-${index}`);
    const after = await startFresh(remembered);
    expect(restartOf(after)).toBeDefined();
    await until(() => restartOf(forgetful), { what: 'the restart in the other sidecar' });
  });

  it.each([
    ['is not hidden by a sidecar that had stopped 11 s before the last entry', 11_000, 'marked'],
    ['is not seen when a sidecar had stopped 5 s before the last entry', 5000, 'not marked'],
  ])('%s', async (_, ms, expected) => {
    const laggard = await startFresh();
    await stopAll();
    const remembered = memoryOf(laggard);
    await beatLater(ms);
    await save();
    await restore();
    await letAnHourPass();

    const after = await start(remembered);
    if (expected === 'marked') await letTheWaitPass(after);
    await isFresh(after);
    expect(restartOf(after) === undefined ? 'not marked' : 'marked').toBe(expected);
  });
});

describe('a log that goes on', () => {
  it('is not marked after a weekend in which every sidecar was stopped, if one remembers it', async () => {
    const before = await startFresh();
    await before.revoke('kept');
    await remembersRule(before);
    const remembered = memoryOf(before);
    await stopAll();
    await letAnHourPass();

    const forgetful = await start();
    await until(() => forgetful.replica.status().freshness.cause === 'healing', { what: 'recovery' });
    const after = await startFresh(remembered);
    await isFresh(forgetful);
    expect([restartOf(after), restartOf(forgetful)]).toEqual([undefined, undefined]);
    expect(after.verdict('kept')).toBe('revoked');
  });

  it('is not marked after a pause of Redis, because the sidecars continue it', async () => {
    const sidecar = await startFresh();
    redis.pause();
    await until(() => sidecar.replica.status().freshness.state === 'stale', { what: 'a stale sidecar' });
    redis.resume();
    await letAnHourPass();
    await isFresh(sidecar);
    expect(restartOf(sidecar)).toBeUndefined();
  });

  it('ends the restart that a gap led to when a sidecar comes later and shows it', async () => {
    const remembered = memoryOf(await startFresh());
    await stopAll();
    await letAnHourPass();

    const forgetful = await start();
    await letTheWaitPass(forgetful);
    await isFresh(forgetful);
    expect(restartOf(forgetful)).toBeDefined();
    await start(remembered);
    await until(() => restartOf(forgetful) === undefined, { what: 'the end of the restart' });
  });

  it('is not marked when another sidecar has written the lost entry back', async () => {
    const witness = await startFresh();
    const other = await startFresh();
    await save();
    await witness.revoke('held');
    await remembersRule(other);
    await until(() => witness.verdict('held') === 'revoked', { what: 'the rule in the witness' });
    const remembered = memoryOf(other);
    await other.close();
    await restore();
    await until(async () => (await ask((connection) => connection.call('HLEN', [keys.rules]))) === 1, {
      what: 'the rule in the restored log',
    });
    await until(() => ask((connection) => connection.call('HGET', [keys.meta, 'coveredSeq'])), { what: 'the record' });

    const after = await startFresh(remembered);
    expect([restartOf(after), after.verdict('held')]).toEqual([undefined, 'revoked']);
  });
});
