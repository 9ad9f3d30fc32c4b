import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { Redis } from 'ioredis';
import type { OpenedSource } from '../../src/log/opened-source.ts';
import { createPublisherOver, type Publisher } from '../../src/publisher/publisher.ts';
import { keys } from '../../src/redis/keys.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

const session = { issuer: 'https://login.example.com/', session: 's-1', reason: 'logout' } as const;

describe('given a key of the log with a value of another program', () => {
  let redis: RedisServer;
  let admin: Redis;
  let source: OpenedSource;
  let publisher: Publisher;

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    source = await openSource(redis.url, { clock, random, newEpoch: () => randomHex(8) });
    publisher = createPublisherOver({ log: source.log, feed: source.feed, clock, newId: () => randomHex(8) });
  });
  afterAll(async () => {
    await source.close();
    admin.disconnect();
    await redis.stop();
  });

  it.each([keys.log, keys.rules, keys.ids])(
    'stores no rule, id or entry of a revocation that it refuses (%s)',
    async (key) => {
      await admin.flushall();
      await source.declareWhole?.();
      await admin.set(key, 'foreign');
      await expect(publisher.revoke(session)).rejects.toMatchObject({ code: 'unavailable', applied: false });
      await admin.del(key);
      expect(await admin.exists(keys.rules, keys.ids, keys.log)).toBe(0);
    },
  );

  it.each([keys.log, keys.rules])('creates no log without the entry that says it began empty (%s)', async (key) => {
    await admin.flushall();
    await admin.set(key, 'foreign');
    await expect(publisher.revoke(session)).rejects.toMatchObject({ code: 'unavailable', applied: false });
    expect(await admin.keys('*')).toEqual([key]);
  });
});
