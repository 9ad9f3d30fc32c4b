import { afterEach, describe, expect, it } from '@jest/globals';
import { askRedis } from '../../src/redis/redis-ask.ts';
import { type RedisCluster, startCluster } from '../../src/redis/redis-cluster.ts';

describe('a Redis cluster', () => {
  let cluster: RedisCluster | undefined;
  afterEach(async () => {
    await cluster?.stop();
  });

  it('serves every slot, redirects to the owner of a slot, and fails over to a replica', async () => {
    cluster = await startCluster();
    const owner = await cluster.ownerOf('{revocast}:rules');
    const other = cluster.nodes.find((node) => node !== owner)!;
    expect(await askRedis(owner, 'SET {revocast}:rules 1')).toBe('+OK\r\n');
    await expect(askRedis(other, 'GET {revocast}:rules')).rejects.toThrow(`127.0.0.1:${owner.port}`);
    const successor = await cluster.failover('{revocast}:rules');
    expect(successor).not.toBe(owner);
    expect(await askRedis(successor, 'GET {revocast}:rules')).toContain('1\r\n');
  }, 60_000);
});
