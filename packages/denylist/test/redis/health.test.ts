import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { decodeInfo } from '../../src/redis/health/health.ts';
import { judgeRedis, type RedisFacts, redisChecks } from '../../src/redis/health/misconfiguration.ts';
import { keys } from '../../src/redis/keys.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemRandom as random, randomHex, systemClock } from '../../src/system-clock.ts';
import { follow } from './follower.ts';

const healthy: Required<RedisFacts> = {
  version: '7.0.15',
  role: 'master',
  replicas: 1,
  minReplicasSet: true,
  minReplicasMaxLagSeconds: 3,
  appendOnly: true,
  memoryUsedBytes: 79,
  memoryLimitBytes: 100,
  evictionPolicy: 'noeviction',
  evictedKeys: 7,
  evictedSince: 0,
  clockOffsetMs: -5000,
  leaseHolderOffsetMs: 5000,
  refusedCommands: [],
  copiesHiddenBy: 'none',
  canBlock: true,
  logEntries: 10,
  logSeq: 10,
  logOldestMs: 1_000_000,
  nowMs: 2_000_000,
  impossibleRules: 0,
};
const hour = 3_600_000;

describe('the checks of a Redis', () => {
  const complaints = (facts: Partial<RedisFacts>) =>
    judgeRedis({ ...healthy, ...facts }).misconfigurations.map(({ name }) => name);

  it('find nothing in a Redis that is set up as documented', () => {
    expect(judgeRedis(healthy)).toEqual({ misconfigurations: [], unknown: [] });
  });

  it.each<[string, Partial<RedisFacts>]>([
    ['eviction_policy', { evictionPolicy: 'allkeys-lru' }],
    ['eviction_policy', { evictionPolicy: 'a policy of a later version' }],
    ['volatile_eviction', { evictionPolicy: 'volatile-ttl' }],
    ['keys_evicted', { evictedSince: 1 }],
    ['version_too_old', { version: '6.0.16' }],
    ['version_too_old', { version: '5.9.0' }],
    ['not_primary', { role: 'slave' }],
    ['rights_missing', { refusedCommands: ['XADD'] }],
    ['tail_polled', { canBlock: false }],
    ['copies_unknown', { copiesHiddenBy: 'INFO' }],
    ['copies_unknown', { copiesHiddenBy: 'WAIT' }],
    ['clock_offset', { clockOffsetMs: 5001 }],
    ['clock_offset', { clockOffsetMs: -5001 }],
    ['lease_holder_clock', { leaseHolderOffsetMs: -5001 }],
    ['min_replicas_unset', { minReplicasSet: false }],
    ['min_replicas_lag', { minReplicasMaxLagSeconds: 4 }],
    ['append_only_off', { appendOnly: false }],
    ['memory_nearly_full', { memoryUsedBytes: 80 }],
    ['rules_impossible', { impossibleRules: 1 }],
    ['log_trimmed', { logEntries: 9 }],
  ])('report %s for %j', (name, facts) => {
    expect(complaints(facts)).toEqual([name]);
  });

  it.each<[string, Partial<RedisFacts>]>([
    ['6.2 and newer', { version: '6.2.0' }],
    ['8.1', { version: '8.1.0' }],
    ['no memory limit', { memoryLimitBytes: 0 }],
    ['no replicas', { replicas: 0, minReplicasSet: false, minReplicasMaxLagSeconds: 10 }],
    ['a log that is trimmed by time', { logEntries: 5, nowMs: healthy.logOldestMs + hour }],
    ['a log without an entry yet', { logEntries: 0, logSeq: 0 }],
  ])('find nothing wrong with %s', (_name, facts) => {
    expect(complaints(facts)).toEqual([]);
  });

  it('report a fact that may not be read as unknown', () => {
    expect(judgeRedis({})).toEqual({ misconfigurations: [], unknown: Object.keys(redisChecks) });
    expect(judgeRedis(decodeInfo('')).unknown).toEqual(Object.keys(redisChecks));
  });
});

describe('docs/redis.md', () => {
  const text = readFileSync(new URL('../../../../docs/redis.md', import.meta.url), 'utf8');

  it('has a row for every misconfiguration, with its severity and remedy, and for no other', () => {
    const rows = [...text.matchAll(/^\| `(?!file_)(\w+)` \| (unsafe|degraded|warning) \| (.*) \|$/gm)].map(
      ([, ...cells]) => cells,
    );
    expect(rows).toEqual(Object.entries(redisChecks).map(([name, { severity, remedy }]) => [name, severity, remedy]));
  });
});

describe('an examination of a Redis', () => {
  let redis: RedisServer;
  let admin: Redis;
  const look = async (url = redis.url, clock = systemClock) => {
    const source = await openSource(url, { clock, random, newEpoch: () => randomHex(8) });
    const health = await source.health?.();
    await source.close();
    return health;
  };
  const namesOf = async (...args: Parameters<typeof look>) =>
    (await look(...args))?.misconfigurations.map(({ name }) => name);

  beforeAll(async () => {
    redis = await startRedis({ config: { appendonly: 'yes', maxmemory: '100mb' } });
    admin = new Redis(redis.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  it('finds nothing wrong with a Redis of its own, and nothing unknown', async () => {
    const health = await look();
    expect(health).toMatchObject({ misconfigurations: [], unknown: [] });
    expect(health?.figures).toMatchObject({
      memoryLimitBytes: 104_857_600,
      evictionPolicy: 'noeviction',
      logEntries: 0,
    });
  });

  it('sees a changed setting', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await admin.config('SET', 'appendonly', 'no');
    expect(await namesOf()).toEqual(['eviction_policy', 'append_only_off']);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.config('SET', 'appendonly', 'yes');
    expect(await namesOf()).toEqual([]);
  });

  it('sees that the clock of Redis is wrong', async () => {
    const clock = { ...systemClock, wallMs: () => Date.now() + 60_000 };
    expect(await namesOf(redis.url, clock)).toEqual(['clock_offset']);
  });

  it('changes nothing while it tests its rights', async () => {
    const source = await openSource(redis.url, { clock: systemClock, random, newEpoch: () => randomHex(8) });
    await source.declareWhole?.();
    await admin.set(keys.lease, 'somebody');
    const before = await admin.hgetall(keys.meta);
    await source.health?.();
    expect(await admin.keys('*')).toEqual(expect.arrayContaining([keys.meta, keys.lease]));
    expect(await admin.dbsize()).toBe(2);
    expect(await admin.get(keys.lease)).toBe('somebody');
    expect(await admin.hgetall(keys.meta)).toEqual(before);
    await source.close();
    await admin.flushall();
  });

  it.each([
    ['-xadd', 'XADD'],
    ['-set', 'SET'],
    ['-hdel -zadd', 'HDEL, ZADD'],
    ['-eval -evalsha', 'EVAL'],
  ])('lists the missing rights: %s', async (rights, named) => {
    await admin.call('ACL', 'SETUSER', 'weak', 'reset', 'on', '>pw', '~*', '+@all', ...rights.split(' '));
    const health = await look(redis.url.replace('redis://', 'redis://weak:pw@'));
    expect(health?.misconfigurations).toMatchObject([{ name: 'rights_missing', found: `may not ${named}` }]);
  });

  it('lists the unknown facts when INFO and CONFIG are hidden', async () => {
    await admin.call('ACL', 'SETUSER', 'blind', 'reset', 'on', '>pw', '~*', '+@all', '-info', '-config');
    const health = await look(redis.url.replace('redis://', 'redis://blind:pw@'));
    expect(health?.misconfigurations).toMatchObject([{ name: 'copies_unknown', found: 'INFO is refused' }]);
    expect(health?.unknown).toContain('eviction_policy');
    expect(health?.unknown).not.toContain('clock_offset');
    expect(health?.figures.memoryUsedBytes).toBeUndefined();
  });

  it('sees evictions after the first examination', async () => {
    const source = await openSource(redis.url, { clock: systemClock, random, newEpoch: () => randomHex(8) });
    expect((await source.health?.())?.misconfigurations).toEqual([]);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await admin.set('a', 'x'.repeat(1000));
    await admin.config('SET', 'maxmemory', '1');
    await admin.get('a');
    await admin.set('b', '1').catch(() => undefined);
    await admin.config('SET', 'maxmemory', '100mb');
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect((await source.health?.())?.misconfigurations).toMatchObject([{ name: 'keys_evicted', severity: 'unsafe' }]);
    await source.close();
  });

  it('makes a sidecar re-seed evicted rules, for which the log has no entry', async () => {
    const sidecar = await follow(redis.url);
    await sidecar.source.declareWhole?.();
    expect(await sidecar.replica.ready({ timeoutMs: 10_000 })).toBe(true);
    await sidecar.revoke('kept');
    await until(() => sidecar.verdict('kept') === 'revoked', { what: 'the revocation' });
    await sidecar.source.health?.();
    await admin.del(keys.rules);
    await admin.set('victim', 'x'.repeat(1000), 'EX', 100);
    await admin.config('SET', 'maxmemory-policy', 'volatile-ttl');
    await admin.config('SET', 'maxmemory', '1');
    await admin.set('another', '1').catch(() => undefined);
    await admin.config('SET', 'maxmemory', '100mb');
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await admin.exists('victim')).toBe(0);
    await sidecar.source.health?.();
    await until(async () => (await admin.hlen(keys.rules)) === 1, { what: 'the rule to be re-seeded' });
    await sidecar.close();
  });

  it('sees that a redis replica accepts no writes', async () => {
    const replica = await startRedis({ replicaOf: redis });
    const names = await namesOf(replica.url);
    await replica.stop();
    expect(names).toContain('not_primary');
  });
});
