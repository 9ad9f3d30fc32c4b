import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { singleReplica } from '../../src/log/reader.ts';
import { keys } from '../../src/redis/keys.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

let redis: RedisServer;
let monitor: Redis;
const reads: string[][] = [];

beforeAll(async () => {
  redis = await startRedis();
  const admin = new Redis(redis.url);
  monitor = await admin.monitor();
  admin.disconnect();
  monitor.on('monitor', (_time, words: string[]) => {
    if (words[0]?.toUpperCase() === 'XREAD') reads.push(words);
  });
});
afterAll(async () => {
  monitor.disconnect();
  await redis.stop();
});

it('a connection blocks from its second read on: the first read only has to reach the end', async () => {
  const source = await openSource(redis.url, { clock, random, newEpoch: () => randomHex(8) });
  await source.declareWhole?.();
  const replica = openReplica({ feed: source.feed, clock, random });
  await until(() => reads.length >= 3, { what: 'three reads' });
  await replica.close();
  await source.close();
  expect(reads.slice(0, 3).map((words) => words.includes('BLOCK'))).toEqual([false, true, true]);
});

it('a reader whose position lies beyond the end of the log notices that it would miss entries', async () => {
  const source = await openSource(redis.url, { clock, random, newEpoch: () => randomHex(8) });
  const stop = new AbortController();
  const reader = singleReplica({ id: 'r', failOpen: false, hasLookUp: false, maxStalenessMs: 5000 });
  const connection = await source.feed.connect(stop.signal, reader);
  const position = await connection.position();
  const nextOf = (cursor: string) =>
    connection
      .tail({ ...position, cursor })
      [Symbol.asyncIterator]()
      .next();
  await expect(nextOf('99999999999999-0')).rejects.toMatchObject({ gap: 'chain' });
  await expect(nextOf(position.cursor)).resolves.toMatchObject({ done: false });
  stop.abort();
  connection.close();
  await source.close();
});

it('a reader learns how many rules there are, so that it takes their memory once, and needs no right for it', async () => {
  const source = await openSource(redis.url, { clock, random, newEpoch: () => randomHex(8) });
  const admin = new Redis(redis.url);
  const reader = singleReplica({ id: 'r', failOpen: false, hasLookUp: false, maxStalenessMs: 5000 });
  const stop = new AbortController();
  const connection = await source.feed.connect(stop.signal, reader);
  await admin.hset(keys.rules, 'a', '1', 'b', '2');
  const stored = await admin.hlen(keys.rules);
  expect((await connection.position()).rules).toBe(stored);
  await admin.call('ACL', 'SETUSER', 'default', '-hlen');
  const position = await connection.position();
  await admin.call('ACL', 'SETUSER', 'default', '+hlen');
  expect({ rules: position.rules, hasEpoch: position.epoch !== '' }).toEqual({ rules: undefined, hasEpoch: true });
  stop.abort();
  connection.close();
  admin.disconnect();
  await source.close();
});
