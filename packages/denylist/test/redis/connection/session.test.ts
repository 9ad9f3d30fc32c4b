import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { RedisSession } from '../../../src/redis/connection/session.ts';
import { parseRedisSource } from '../../../src/sources/redis-source.ts';

it('questions during the pause after a failure do not prolong the pause', async () => {
  const clock = new FakeClock();
  // The first pause is then 50 ms.
  const session = new RedisSession(parseRedisSource('redis://127.0.0.1:1', 'source'), {
    clock,
    random: () => 1,
    timeouts: {},
  });
  const ask = () =>
    session
      .use(async () => 'an answer')
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  const first = await ask();
  expect(first).toMatchObject({ name: 'FeedError', code: 'unreachable' });
  for (let asked = 0; asked < 49; asked += 1) {
    await clock.advance(1);
    // The same error: no new attempt was made.
    expect(await ask()).toBe(first);
  }
  await clock.advance(1);
  expect(await ask()).not.toBe(first);
  session.close();
});
