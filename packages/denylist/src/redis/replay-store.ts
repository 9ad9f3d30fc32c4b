import type { Clock, Random } from '../clock.ts';
import type { ReplayAnswer, ReplayStore } from '../log/replay-store.ts';
import type { RedisSource } from '../sources/source.ts';
import { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';

export interface RedisOnceStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
}

/** Names at once on the way at most; one more cannot tell. */
const maxConcurrent = 256;

/** `SET NX PX`: taken by whoever comes first, and free again by itself. */
export function createRedisOnceStore(source: RedisSource, options: RedisOnceStoreOptions): ReplayStore {
  const { clock, random, timeoutMs } = options;
  const session = new RedisSession(source, { clock, random, timeouts: { commandMs: timeoutMs, silenceMs: 2000 } });
  // Dialled ahead: the first name has no time to wait for a connection.
  session.get().catch(() => {}); // who takes a name gets the failure
  let underWay = 0;

  const ask = async (name: string, lifetimeMs: number): Promise<ReplayAnswer> => {
    const redis = await session.get();
    const reply = await redis.call('SET', [`${keys.once}:${name}`, '1', 'NX', 'PX', Math.ceil(lifetimeMs)]);
    session.succeeded();
    return reply === null ? 'again' : 'first';
  };

  return {
    async take(name, lifetimeMs) {
      if (underWay >= maxConcurrent) return 'unknown';
      underWay += 1;
      const answered = new AbortController();
      const late = clock.sleep(timeoutMs, answered.signal).then((): ReplayAnswer => 'unknown');
      try {
        return await Promise.race([ask(name, lifetimeMs), late]);
      } catch (error) {
        session.failed(error);
        return 'unknown';
      } finally {
        answered.abort();
        underWay -= 1;
      }
    },
    async close() {
      session.close();
    },
  };
}
