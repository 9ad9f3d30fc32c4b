import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { keys } from '../../src/redis/keys.ts';
import { openReplayStore } from '../../src/sources/open-replay-store.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

const ports = { clock, random, timeoutMs: 1000 };

describe('given a Redis that several processes use', () => {
  let redis: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    admin.on('error', () => {});
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  it('accepts a name once, from the process that asks first', async () => {
    const stores = await Promise.all([openReplayStore(redis.url, ports), openReplayStore(redis.url, ports)]);
    const name = randomHex(8);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => stores[at % stores.length]?.take(name, 60_000)),
    );
    expect(answers.filter((answer) => answer === 'first').length).toBe(1);
    expect(answers.filter((answer) => answer === 'again').length).toBe(19);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('accepts a name again after its time, and deletes the key then', async () => {
    const store = await openReplayStore(redis.url, ports);
    const name = randomHex(8);
    expect(await store.take(name, 60_000)).toBe('first');
    const left = await admin.pttl(`${keys.once}:${name}`);
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
    await admin.pexpire(`${keys.once}:${name}`, 1);
    await until(async () => (await store.take(name, 60_000)) === 'first', { what: 'the name to be free' });
    await store.close();
  });

  it('answers unknown within its time limit while Redis does not answer', async () => {
    const store = await openReplayStore(redis.url, { ...ports, timeoutMs: 50 });
    await until(async () => (await store.take(randomHex(8), 1000)) === 'first', { what: 'a connection' });
    await admin.call('CLIENT', 'PAUSE', '600', 'ALL');
    const startedAtMs = clock.monotonicMs();
    expect(await store.take(randomHex(8), 1000)).toBe('unknown');
    expect(clock.monotonicMs() - startedAtMs).toBeLessThan(500);
    await until(async () => (await store.take(randomHex(8), 1000)) === 'first', { what: 'Redis to answer again' });
    await store.close();
  });

  it('answers unknown, and does not throw, when Redis is unreachable', async () => {
    const store = await openReplayStore('redis://127.0.0.1:1', ports);
    expect(await store.take('name', 1000)).toBe('unknown');
    await store.close();
  });

  it('refuses another kind of URL', async () => {
    await expect(openReplayStore('http://127.0.0.1:7471', ports)).rejects.toThrow('expected a redis: or rediss: URL');
  });
});
