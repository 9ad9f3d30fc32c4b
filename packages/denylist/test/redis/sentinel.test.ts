import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SentinelSetup, startSentinels, until } from '@revocast/test-support';
import { connectRedis } from '../../src/redis/connection/connect.ts';
import { parseRedisSource } from '../../src/sources/redis-source.ts';
import { type Follower, follow } from './follower.ts';
import { startRevoking } from './revoke-through.ts';

// As docs/redis.md requires: without these settings the old primary accepts writes that no replica copies.
const config = { 'min-replicas-to-write': '1', 'min-replicas-max-lag': '2' };

describe('given a Redis watched by Sentinels', () => {
  let setup: SentinelSetup;

  beforeAll(async () => {
    setup = await startSentinels({ replicas: 2, config });
  }, 60_000);
  afterAll(() => setup.stop());

  it('finds the primary when some Sentinels are down', async () => {
    const dead = 'redis+sentinel://127.0.0.1:1,';
    const redis = await connectRedis(parseRedisSource(setup.url.replace('redis+sentinel://', dead), 'source'));
    expect(String(await redis.call('PING', []))).toBe('PONG');
    redis.close();
  });

  it('reports that the Sentinels do not watch a primary of this name', async () => {
    const url = setup.url.replace(/revocast$/, 'nobody');
    await expect(connectRedis(parseRedisSource(url, 'source'))).rejects.toMatchObject({ code: 'refused' });
  });

  describe('under load', () => {
    const followers: Follower[] = [];
    const missingAt = (follower: Follower, sessions: string[]) =>
      sessions.filter((session) => follower.verdict(session) !== 'revoked');

    beforeAll(async () => {
      followers.push(await follow(setup.url), await follow(setup.url), await follow(setup.url));
      await followers[0]?.source.declareWhole?.();
      for (const { replica } of followers) expect(await replica.ready({ timeoutMs: 10_000 })).toBe(true);
    }, 30_000);
    afterAll(() => Promise.all(followers.map((follower) => follower.close())));

    const failOverWhileRevoking = async (options: { pauseWrites: boolean }) => {
      const [first, , publisher] = followers as [Follower, Follower, Follower];
      const revoking = startRevoking(publisher);
      const grow = (by: number) => {
        const { size } = first.replica.denylist;
        return until(() => first.replica.denylist.size > size + by, { what: 'revocations', timeoutMs: 20_000 });
      };
      await grow(10);
      await setup.failover(options);
      await grow(30);
      return await revoking.stop();
    };
    const expectAllHeld = async (acknowledged: string[]) => {
      const late = await follow(setup.url);
      try {
        expect(await late.replica.ready({ timeoutMs: 10_000 })).toBe(true);
        for (const follower of [...followers, late]) {
          await until(() => missingAt(follower, acknowledged).length === 0, { what: 'every revocation' });
        }
      } finally {
        await late.close();
      }
    };

    it('loses no revocation and stays fresh in a planned failover that pauses writes first', async () => {
      const acknowledged = await failOverWhileRevoking({ pauseWrites: true });
      expect(followers.map((follower) => follower.notFreshMs())).toEqual([0, 0, 0]);
      await expectAllHeld(acknowledged);
    }, 60_000);

    it('loses no revocation in a failover without a pause: the sidecars re-seed what the new primary lacks', async () => {
      await expectAllHeld(await failOverWhileRevoking({ pauseWrites: false }));
    }, 60_000);
  });
});
