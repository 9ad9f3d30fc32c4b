import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@revocast/test-support';
import { connectRedis, type RedisConnection } from '../../src/redis/connection/connect.ts';
import { readArray, readOptionalText, readText } from '../../src/redis/connection/replies.ts';
import { keys } from '../../src/redis/keys.ts';
import { heartbeatScript } from '../../src/redis/scripts/lease.ts';
import { declareScript } from '../../src/redis/scripts/log.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';

const leaseMs = 2000;

describe('the script that writes heartbeats', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connectRedis(parseRedisSource(server.url, 'source'));
  });
  beforeEach(async () => {
    await redis.call('FLUSHALL', []);
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  const beat = async (holder = 'us', connection = redis): Promise<string> => {
    const args = ['0123456789abcdef', 86_400, 3_600_000, holder, leaseMs, 0, '', '', '', '', '', '', '', '', ''];
    const reply = await connection.run(heartbeatScript, [keys.lease, keys.log, keys.meta, keys.rules], args);
    return readText(readArray(reply, 'heartbeat')[0], 'heartbeat');
  };
  const steadySince = async () => readOptionalText(await redis.call('HGET', [keys.meta, 'steadySince']), 'steadySince');
  /** As if the last heartbeat had been written earlier, or by a clock that is ahead. */
  const moveLastBeat = async (byMs: number) => {
    const last = Number(await redis.call('HGET', [keys.meta, 'hbAt']));
    await redis.call('HSET', [keys.meta, 'hbAt', last + byMs, 'ownBeatAt', last + byMs, 'steadySince', 1]);
  };
  const leaveLease = (ttlMs: number) => redis.call('SET', [keys.lease, 'another', 'PX', ttlMs]);

  it('is refused while another one has the lease', async () => {
    await leaveLease(leaseMs);
    expect(await beat()).toBe('held');
  });

  it('takes a lease that ends later than any holder would date it: a faster clock, which is gone, has dated it', async () => {
    await leaveLease(3_600_000);
    expect(await beat()).toBe('written');
    expect(readOptionalText(await redis.call('GET', [keys.lease]), 'lease')).toBe('us');
  });

  it('honours every lease where PTTL is forbidden, as rights of an earlier version do', async () => {
    await redis.call('ACL', ['SETUSER', 'earlier', 'on', '>pw', '~*', '+@all', '-pttl']);
    const earlier = await connectRedis(
      parseRedisSource(server.url.replace('redis://', 'redis://earlier:pw@'), 'source'),
    );
    await leaveLease(3_600_000);
    expect(await beat('us', earlier)).toBe('held');
    earlier.close();
  });

  it('is steady from its first heartbeat on', async () => {
    await beat();
    const since = await steadySince();
    expect(Number(since)).toBeGreaterThan(0);
    await beat();
    expect(await steadySince()).toBe(since);
  });

  it.each<[string, number, boolean]>([
    ['a heartbeat came 1.4 s before', -1400, true],
    ['a heartbeat came more than 1.5 s before', -1600, false],
    ['the last heartbeat lies in the future', 60_000, false],
  ])('stays steady or begins anew: %s', async (_name, byMs, stays) => {
    await beat();
    await moveLastBeat(byMs);
    await beat();
    expect((await steadySince()) === '1').toBe(stays);
  });

  it('is steady for ever after a first log was declared, however late its first heartbeat comes', async () => {
    await redis.run(declareScript, [keys.rules, keys.log, keys.meta], ['0123456789abcdef', 86_400, 3_600_000]);
    await beat();
    expect(await steadySince()).toBe('0');
  });
});
