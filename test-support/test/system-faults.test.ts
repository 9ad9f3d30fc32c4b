import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findRedisServer, type RedisServer, startRedis } from '../src/redis/redis.ts';
import { askRedis } from '../src/redis/redis-ask.ts';
import { missingForSystemFaults, openSystemFaults, type SystemFaults } from '../src/system-faults.ts';
import { until } from '../src/until.ts';

const missing = await missingForSystemFaults();

if (missing === undefined) {
  describe('the system faults of a Redis', () => {
    let faults: SystemFaults;
    let redis: RedisServer;
    beforeAll(async () => {
      faults = await openSystemFaults();
      const binaries = await findRedisServer();
      redis = await startRedis({
        binaries: { ...binaries, env: { ...binaries.env, ...faults.env } },
        config: { appendonly: 'yes', appendfsync: 'everysec' },
      });
    });
    afterAll(async () => {
      await redis?.stop();
      await faults?.close();
    });

    it('move its wall clock and no other', async () => {
      const hourMs = 3_600_000;
      for (const offsetMs of [3 * hourMs, -hourMs, 0]) {
        await faults.moveClock(offsetMs);
        const beforeMs = Date.now();
        const seconds = Number(/\$\d+\r\n(\d+)/.exec(await askRedis(redis, 'TIME'))?.[1]);
        expect(Math.abs(seconds * 1000 - offsetMs - beforeMs)).toBeLessThan(60_000);
      }
    });

    it('make its writes to the disk fail', async () => {
      await faults.failFsync(true);
      await until(() => askRedis(redis, 'SET a 1').then(() => false, String), { what: 'a refused write' });
      await expect(askRedis(redis, 'SET a 1')).rejects.toThrow(/MISCONF/);
      await faults.failFsync(false);
      // Redis tries again only when it starts a new file.
      await askRedis(redis, 'CONFIG SET appendonly no');
      await askRedis(redis, 'CONFIG SET appendonly yes');
      await until(
        () =>
          askRedis(redis, 'SET a 1').then(
            () => true,
            () => false,
          ),
        { what: 'an accepted write' },
      );
    });
  });
} else {
  it('are refused where a machine cannot have them', async () => {
    await expect(openSystemFaults()).rejects.toThrow();
  });
}
