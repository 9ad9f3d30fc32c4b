import { afterEach, describe, expect, it } from '@jest/globals';
import { askRedis } from '../../src/redis/redis-ask.ts';
import { type SentinelSetup, startSentinels } from '../../src/redis/redis-sentinel.ts';
import { until } from '../../src/until.ts';

describe('a Redis with Sentinels', () => {
  let setup: SentinelSetup | undefined;
  afterEach(async () => {
    await setup?.stop();
  });

  it('fails over to the replica with its data, and the old primary becomes its replica', async () => {
    setup = await startSentinels();
    const [first, second] = setup.servers;
    expect(setup.url).toMatch(/^redis\+sentinel:\/\/127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\/revocast$/);
    expect(await setup.primary()).toBe(first);
    await askRedis(first!, 'SET kept 1');
    await until(async () => (await askRedis(second!, 'GET kept')).includes('1\r\n'), { what: 'the copy' });
    expect(await setup.failover()).toBe(second);
    expect(await askRedis(second!, 'GET kept')).toContain('1\r\n');
    await until(async () => (await askRedis(first!, 'ROLE')).includes('slave'), {
      what: 'the old primary to follow',
      timeoutMs: 30_000,
    });
  }, 60_000);
});
