import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { createPublisher } from '../../../src/publisher/create-publisher.ts';
import type { PublisherObserver } from '../../../src/publisher/log-writer.ts';
import { connectRedis } from '../../../src/redis/connection/connect.ts';
import { EvictionPolicyReader } from '../../../src/redis/health/eviction-policy.ts';
import { parseRedisSource } from '../../../src/sources/redis-source.ts';
import { follow } from '../follower.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop();
});

async function start(policy: string, hidden: readonly string[] = []): Promise<RedisServer> {
  const renamed = hidden.map((command) => `${command} ""`);
  const redis = await startRedis({ config: { 'maxmemory-policy': policy, 'rename-command': renamed } });
  running.push(redis);
  return redis;
}

async function publisherOf(redis: RedisServer, observer?: PublisherObserver) {
  const publisher = await createPublisher(redis.url, { observer });
  running.push({ stop: () => publisher.close() });
  return async () => (await publisher.revoke({ issuer: 'https://i/', session: 's', reason: 'logout' })).evictionPolicy;
}

describe('a revocation in a Redis', () => {
  it.each([
    ['noeviction', [], 'safe'],
    ['volatile-lru', [], 'safe'],
    ['allkeys-lru', [], 'unsafe'],
    ['allkeys-lru', ['INFO'], 'unsafe'],
    ['allkeys-lru', ['CONFIG'], 'unsafe'],
    ['noeviction', ['INFO'], 'safe'],
    ['allkeys-lru', ['CONFIG', 'INFO'], 'unknown'],
  ] as const)('with %s that hides %j says that its eviction policy is %s', async (policy, hidden, expected) => {
    const warnings: string[] = [];
    const revoke = await publisherOf(await start(policy, hidden), { warned: (warning) => warnings.push(warning) });
    expect([await revoke(), await revoke()]).toEqual([expected, expected]);
    expect(warnings).toEqual(
      expected === 'unsafe'
        ? [
            expect.stringMatching(
              /^the Redis of redis:\/\/127\.0\.0\.1:\d+ may evict revocations: expected maxmemory-policy/,
            ),
          ]
        : [],
    );
  });

  it('with allkeys-lru is one warning of the process', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    running.push({ stop: async () => emitWarning.mockRestore() });
    const revoke = await publisherOf(await start('allkeys-lru'));
    await revoke();
    await revoke();
    expect(emitWarning.mock.calls).toEqual([
      [expect.stringContaining('may evict revocations'), { type: 'RevocastWarning', code: 'REVOCAST_EVICTION_POLICY' }],
    ]);
  });
});

describe('a sidecar of a Redis', () => {
  it.each([
    ['allkeys-lru', [], ['eviction_policy']],
    ['allkeys-lru', ['INFO'], ['eviction_policy']],
    ['volatile-lru', ['INFO'], ['volatile_eviction']],
    ['noeviction', ['INFO'], []],
    ['allkeys-lru', ['CONFIG', 'INFO'], []],
  ] as const)('with %s that hides %j reports %j', async (policy, hidden, expected) => {
    const sidecar = await follow((await start(policy, hidden)).url);
    running.push({ stop: () => sidecar.close() });
    const names = (await sidecar.source.health?.())?.misconfigurations.map(({ name }) => name) ?? [];
    expect(names.filter((name) => name.includes('eviction'))).toEqual(expected);
  });
});

describe('the eviction policy', () => {
  it('is read once for each connection, and again after a minute', async () => {
    const redis = await start('allkeys-lru');
    const clock = new FakeClock();
    const reader = new EvictionPolicyReader(clock);
    const connect = async () => {
      const connection = await connectRedis(parseRedisSource(redis.url, 'source'));
      running.push({ stop: async () => connection.close() });
      return connection;
    };
    const [first, second] = [await connect(), await connect()];
    expect(await reader.read(first)).toBe('unsafe');
    await first.call('CONFIG', ['SET', 'maxmemory-policy', 'noeviction']);
    await clock.advance(59_999);
    expect(await reader.read(first)).toBe('unsafe');
    await clock.advance(1);
    expect(await reader.read(first)).toBe('safe');
    await first.call('CONFIG', ['SET', 'maxmemory-policy', 'allkeys-random']);
    expect([await reader.read(first), await reader.read(second)]).toEqual(['safe', 'unsafe']);
  });

  it('is unknown on a connection that is closed', async () => {
    const redis = await start('noeviction');
    const connection = await connectRedis(parseRedisSource(redis.url, 'source'));
    connection.close();
    expect(await new EvictionPolicyReader(new FakeClock()).read(connection)).toBe('unknown');
  });
});
