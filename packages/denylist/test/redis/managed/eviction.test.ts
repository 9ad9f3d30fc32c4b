import { afterEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import type { LogError } from '../../../src/index.ts';
import { keys } from '../../../src/redis/keys.ts';
import { type Follower, follow } from '../follower.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
});

const held = 500;
const sessions = Array.from({ length: held }, (_, index) => `held-${index}`);

interface Pressed {
  readonly redis: RedisServer;
  readonly admin: Redis;
  readonly sidecar: Follower;
  readonly names: () => Promise<readonly string[]>;
}

/** A Redis that is full, with rules and a sidecar that holds them. */
async function press(policy: string, { ttlSeconds }: { readonly ttlSeconds?: number } = {}): Promise<Pressed> {
  const redis = await startRedis({
    // A larger sample finds a victim in every attempt, so that the number of evictions depends on no luck.
    config: { appendonly: 'yes', maxmemory: '12mb', 'maxmemory-policy': policy, 'maxmemory-samples': '10' },
  });
  running.push(redis);
  const admin = new Redis(redis.url);
  running.push({ stop: async () => admin.disconnect() });
  const sidecar = await follow(redis.url);
  running.push({ stop: () => sidecar.close() });
  await sidecar.source.declareWhole?.();
  expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
  await Promise.all(sessions.map((session) => sidecar.revoke(session)));
  const names = async () => (await sidecar.source.health?.())?.misconfigurations.map(({ name }) => name) ?? [];
  await names();
  await fill(admin, ttlSeconds);
  return { redis, admin, sidecar, names };
}

/** Writes keys as a replay store does, until Redis has evicted 10,000 of them or takes no more. */
async function fill(admin: Redis, ttlSeconds: number | undefined): Promise<void> {
  for (let from = 0; from < 60_000; from += 1000) {
    const batch = admin.pipeline();
    for (let index = from; index < from + 1000; index++) {
      const key = `${keys.once}:${index}`;
      if (ttlSeconds === undefined) batch.set(key, 'x'.repeat(300));
      else batch.set(key, 'x'.repeat(300), 'EX', ttlSeconds);
    }
    const replies = (await batch.exec()) ?? [];
    if (replies.every(([error]) => error !== null)) return;
    if ((await evicted(admin)) >= 10_000) return;
  }
}

async function evicted(admin: Redis): Promise<number> {
  return Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1]);
}

describe.each(['volatile-lru', 'volatile-ttl'])('a full Redis with %s', (policy) => {
  it('evicts 10,000 keys and no rule, takes revocations, and warns without being unsafe', async () => {
    const { admin, sidecar, names } = await press(policy, { ttlSeconds: 600 });
    expect(await evicted(admin)).toBeGreaterThanOrEqual(10_000);
    await sidecar.revoke('under-pressure');
    await until(() => sidecar.verdict('under-pressure') === 'revoked', { what: 'the revocation' });
    const stored = await admin.hlen(keys.rules);
    expect(stored).toBeGreaterThanOrEqual(held + 1);
    expect(await admin.exists(keys.log, keys.meta, keys.ids)).toBe(3);
    expect(sessions.filter((session) => sidecar.verdict(session) !== 'revoked')).toEqual([]);
    expect(await names()).toEqual(['volatile_eviction', 'memory_nearly_full']);
    // An eviction of a volatile key must not make every reader take a snapshot.
    expect(sidecar.notFreshMs()).toBe(0);
  });
});

describe('a full Redis with noeviction', () => {
  it('evicts nothing, and refuses a revocation as not in force', async () => {
    const { admin, sidecar, names } = await press('noeviction', { ttlSeconds: 600 });
    expect(await evicted(admin)).toBe(0);
    const refused = await sidecar.revoke('under-pressure').catch((error: LogError) => error);
    expect(refused).toMatchObject({ code: 'unavailable', applied: false });
    expect(await admin.hlen(keys.rules)).toBeGreaterThanOrEqual(held);
    expect(await names()).toEqual(['memory_nearly_full']);
  });
});

describe('a full Redis with allkeys-lru', () => {
  it('is unsafe, and says so whether or not a rule was evicted yet', async () => {
    const { admin, names } = await press('allkeys-lru');
    expect(await evicted(admin)).toBeGreaterThan(0);
    expect(await names()).toEqual(expect.arrayContaining(['eviction_policy', 'keys_evicted']));
  });
});
