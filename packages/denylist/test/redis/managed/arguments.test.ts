import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { digestToBase64url } from '../../../src/rules/digest.ts';
import { emptyRule } from '../../../src/rules/rule.ts';
import { type Follower, follow } from '../follower.ts';

/** ElastiCache Serverless takes 3,999. */
const mostArguments = 1000;

describe('commands to a Redis that bounds their arguments', () => {
  let redis: RedisServer;
  let admin: Redis;
  let monitor: Redis;
  let sidecar: Follower;
  /** The most arguments of a command, for each command that was seen. */
  const seen = new Map<string, number>();

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    monitor = await admin.monitor();
    monitor.on('monitor', (_at: string, [command = '', ...rest]: string[]) => {
      const name = command.toUpperCase();
      seen.set(name, Math.max(seen.get(name) ?? 0, rest.length));
    });
    sidecar = await follow(redis.url);
    await sidecar.source.declareWhole?.();
  });
  afterAll(async () => {
    await sidecar.close();
    monitor.disconnect();
    admin.disconnect();
    await redis.stop();
  });

  const numbered = (value: number) => new Uint32Array([value, 0, 0, 0]);
  const digests = Array.from({ length: 8192 }, (_, index) => digestToBase64url(numbered(index)));

  it('a usage report of 8,192 digests is counted in commands of at most 1,000 arguments', async () => {
    const { usage } = sidecar.source;
    await usage?.add({ subjects: digests, tokens: { other: digests } }, Date.now());
    const { subjectsOfDay = 0 } = (await usage?.read?.(['other'], Date.now())) ?? {};
    expect(Math.abs(subjectsOfDay - digests.length)).toBeLessThan(400);
    expect(seen.get('PFADD')).toBeGreaterThan(100);
  });

  it('thousands of rules are written, read and pruned in commands of at most 1,000 arguments', async () => {
    const ended = { ...emptyRule, deniedUntil: 5, denialStamp: 1 };
    const rules = digests.slice(0, 3000).map((_, index) => ({ digest: numbered(index), rule: ended }));
    await sidecar.source.reseed?.append(rules, new AbortController().signal);
    await until(async () => (await admin.hlen('{revocast}:rules')) <= 1, {
      what: 'the rules to be pruned',
      timeoutMs: 30_000,
    });
    expect(seen.get('EVALSHA')).toBeGreaterThan(100);
    for (const [command, count] of seen) expect([command, count <= mostArguments]).toEqual([command, true]);
  });
});
