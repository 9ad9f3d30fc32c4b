import type { Clock, Random } from '../clock.ts';
import type { ReplayAnswer, ReplayStore } from '../log/replay-store.ts';
import { checkWholeNumber } from '../option-bounds.ts';
import type { RedisSource } from '../sources/source.ts';
import { BriefSession } from './connection/brief-session.ts';
import { keys } from './keys.ts';

export interface ReplayStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds for one answer, connecting included: 1–1000, default 50. */
  readonly timeoutMs?: number | undefined;
}

/**
 * `SET NX PX`: the first caller creates the key, and Redis deletes it when its time is up.
 *
 * @throws ConfigurationError for a `timeoutMs` out of its bounds.
 */
export function createRedisReplayStore(
  source: RedisSource,
  { timeoutMs = 50, ...ports }: ReplayStoreOptions,
): ReplayStore {
  checkWholeNumber('timeoutMs', timeoutMs, { least: 1, most: 1000, unit: 'ms' });
  const noAnswer = (): ReplayAnswer => 'unknown';
  const session = new BriefSession(source, { ...ports, timeoutMs, maxConcurrent: 256, noAnswer });
  // Connected ahead, because the first name has no time to wait for a connection. The first `take` reports a failure.
  session.get().catch(() => {});
  return {
    take: (name, lifetimeMs) =>
      session.ask(async (redis) => {
        const args = [`${keys.once}:${name}`, '1', 'NX', 'PX', Math.ceil(lifetimeMs)];
        return (await redis.call('SET', args)) === null ? 'again' : 'first';
      }),
    close: async () => session.close(),
  };
}
