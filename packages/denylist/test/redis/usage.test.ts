import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { Redis } from 'ioredis';
import type { OpenedSource } from '../../src/log/opened-source.ts';
import type { UsageStore } from '../../src/log/usage.ts';
import { keys } from '../../src/redis/keys.ts';
import { digestOf, digestToBase64url } from '../../src/rules/digest.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

const numbered = (value: number) =>
  digestToBase64url(digestOf({ dimension: 'subject', issuer: 'i', value: String(value) }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => numbered(from + index));
const noonMs = Date.UTC(2026, 0, 31, 12);
const tomorrowMs = noonMs + 86_400_000;

describe('usage that several sidecars count in one Redis', () => {
  let redis: RedisServer;
  let admin: Redis;
  let sources: readonly OpenedSource[];
  let stores: readonly UsageStore[];
  const read = (atMs: number) => stores[0]?.read?.(['browser', 'other'], atMs);

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    const options = { clock, random, newEpoch: () => randomHex(8) };
    sources = await Promise.all([openSource(redis.url, options), openSource(redis.url, options)]);
    stores = sources.flatMap(({ usage }) => usage ?? []);
  });
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.close()));
    admin.disconnect();
    await redis.stop();
  });
  beforeEach(() => admin.flushall());

  it('counts a subject that two sidecars have seen once', async () => {
    await stores[0]?.add({ subjects: range(0, 3), tokens: { browser: range(0, 2), other: range(2, 3) } }, noonMs);
    await stores[1]?.add({ subjects: range(1, 5), tokens: { browser: range(1, 4) } }, noonMs);
    await stores[1]?.add({ subjects: range(1, 5), tokens: { browser: range(1, 4) } }, noonMs);
    expect(await read(noonMs)).toEqual({
      subjectsOfDay: 5,
      subjectsOfMonth: 5,
      tokensOfDay: { browser: 4, other: 1 },
    });
  });

  it('counts many subjects with an error below two percent, in 12 KiB', async () => {
    for (let from = 0; from < 20_000; from += 4000) {
      await stores[0]?.add({ subjects: range(from, from + 4000), tokens: {} }, noonMs);
    }
    const { subjectsOfDay = 0 } = (await read(noonMs)) ?? {};
    expect(Math.abs(subjectsOfDay - 20_000)).toBeLessThan(400);
    expect(await admin.strlen(`${keys.usage}:2026-01-31:subjects`)).toBeLessThan(12.5 * 1024);
  });

  it('uses days and months of UTC, whose keys expire', async () => {
    await stores[0]?.add({ subjects: range(0, 2), tokens: { other: range(0, 1) } }, noonMs);
    await stores[0]?.add({ subjects: range(2, 3), tokens: {} }, tomorrowMs);
    expect(await read(noonMs)).toMatchObject({ subjectsOfDay: 2, subjectsOfMonth: 2 });
    expect(await read(tomorrowMs)).toEqual({
      subjectsOfDay: 1,
      subjectsOfMonth: 1,
      tokensOfDay: { browser: 0, other: 0 },
    });
    const held = await admin.keys('*');
    expect(held.sort()).toEqual(
      ['2026-01-31:subjects', '2026-01:subjects', '2026-01-31:tokens:other', '2026-02-01:subjects', '2026-02:subjects']
        .map((name) => `${keys.usage}:${name}`)
        .sort(),
    );
    for (const key of held) {
      const seconds = await admin.ttl(key);
      const days = /-\d\d-\d\d:/.test(key) ? 3 : 62;
      expect([key, seconds > (days - 1) * 86_400, seconds <= days * 86_400]).toEqual([key, true, true]);
    }
  });

  it('writes nothing for an empty report', async () => {
    await stores[0]?.add({ subjects: [], tokens: { other: [] } }, noonMs);
    expect(await admin.dbsize()).toBe(0);
  });

  it('fails when Redis refuses a report, and counts the next one', async () => {
    const key = `${keys.usage}:2026-01-31:subjects`;
    await admin.set(key, 'not a HyperLogLog');
    await expect(stores[0]?.add({ subjects: range(0, 1), tokens: {} }, noonMs)).rejects.toMatchObject({
      name: 'FeedError',
    });
    await admin.del(key);
    const again = async () => {
      // The session pauses for a moment after a failure.
      for (;;) {
        try {
          return await stores[0]?.add({ subjects: range(0, 1), tokens: {} }, noonMs);
        } catch {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    await again();
    expect((await read(noonMs))?.subjectsOfDay).toBe(1);
  });
});
