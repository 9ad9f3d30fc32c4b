import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisCluster, startCluster, until } from '@revocast/test-support';
import { connectRedis } from '../../src/redis/connection/connect.ts';
import { keys } from '../../src/redis/keys.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';
import { type Follower, follow } from './follower.ts';
import { startRevoking } from './revoke-through.ts';

describe('given a cluster', () => {
  let cluster: RedisCluster;
  const followers: Follower[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
  }, 60_000);
  afterAll(async () => {
    await Promise.all(followers.map((follower) => follower.close()));
    await cluster.stop();
  });

  it('finds the owner of the slot from any one node', async () => {
    const owner = await cluster.ownerOf(keys.rules);
    for (const node of cluster.nodes) {
      const redis = await connectRedis(parseRedisSource(`redis+cluster://127.0.0.1:${node.port}`, 'source'));
      expect(String(await redis.call('INFO', ['server']))).toContain(`tcp_port:${owner.port}\r`);
      redis.close();
    }
  });

  it('says how to name the cluster when a redis:// URL names one of its nodes', async () => {
    const owner = await cluster.ownerOf(keys.rules);
    const other = cluster.nodes.find((node) => node !== owner)!;
    const redis = await connectRedis(parseRedisSource(other.url, 'source'));
    await expect(redis.call('HMGET', [keys.meta, 'epoch'])).rejects.toThrow(/redis\+cluster:/);
    expect(redis.open).toBe(false);
  });

  it('loses no revocation and stays fresh when the slot moves to another node under load', async () => {
    followers.push(await follow(cluster.url), await follow(cluster.url), await follow(cluster.url));
    const [first, second, publisher] = followers as [Follower, Follower, Follower];
    await first.source.declareWhole?.();
    for (const follower of followers) expect(await follower.replica.ready({ timeoutMs: 10_000 })).toBe(true);

    const revoking = startRevoking(publisher);
    await until(() => first.replica.denylist.size > 10, { what: 'some revocations' });
    await cluster.failover(keys.rules);
    const before = first.replica.denylist.size;
    await until(() => first.replica.denylist.size > before + 30, {
      what: 'revocations after the move',
      timeoutMs: 20_000,
    });
    const acknowledged = await revoking.stop();

    const missingAt = (follower: Follower) => acknowledged.filter((session) => follower.verdict(session) !== 'revoked');
    await until(() => missingAt(first).length + missingAt(second).length === 0, { what: 'every revocation' });
    expect(followers.map((follower) => follower.notFreshMs())).toEqual([0, 0, 0]);
  }, 60_000);
});
