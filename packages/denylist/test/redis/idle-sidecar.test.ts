import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { keys } from '../../src/redis/keys.ts';
import { digestOf, digestToBytes } from '../../src/rules/digest.ts';
import { forgetAfterSeconds } from '../../src/rules/rule.ts';
import { type Follower, follow, issuer } from './follower.ts';

let redis: RedisServer;
let admin: Redis;
let sidecar: Follower;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  sidecar = await follow(redis.url);
  await sidecar.source.declareWhole?.();
  expect(await sidecar.replica.ready({ timeoutMs: 20_000 })).toBe(true);
});
afterAll(async () => {
  await sidecar.close();
  admin.disconnect();
  await redis.stop();
});

/** How often Redis has run each command. */
async function calls(): Promise<(command: string) => number> {
  const lines = await admin.info('commandstats');
  return (command) => Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(lines)?.[1] ?? 0);
}

it('an idle sidecar reads at most twice for each heartbeat, reports once for two, and looks for ended rules once for ten', async () => {
  const before = await calls();
  // Counted in heartbeats: how fast they come depends on the load of the machine.
  const beats = 24;
  await until(async () => (await calls())('xadd') - before('xadd') >= beats, {
    what: '24 heartbeats',
    timeoutMs: 40_000,
  });
  const after = await calls();
  const counted = (command: string) => after(command) - before(command);
  const beaten = counted('xadd');
  // A read waits as long as the time between two heartbeats: for a late one there is a second read.
  expect(counted('xread')).toBeLessThanOrEqual(2 * beaten + 3);
  // A heartbeat and, at every second one, a report.
  expect(counted('evalsha')).toBeLessThanOrEqual(1.5 * beaten + 3);
  expect(counted('hscan')).toBeLessThanOrEqual(beaten / 10 + 2);
  expect(counted('hscan')).toBeGreaterThan(0);
});

it('deletes a rule that ended long ago although its sweeps have found nothing for a while', async () => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000) - forgetAfterSeconds - 60, 0);
  bytes.writeUInt32BE(1, 8);
  const digest = Buffer.from(digestToBytes(digestOf({ dimension: 'session', issuer, value: 'ended' })));
  await admin.hset(keys.rules, digest, bytes);
  await until(async () => (await admin.hexists(keys.rules, digest)) === 0, {
    what: 'the ended rule to be pruned',
    timeoutMs: 20_000,
  });
});
