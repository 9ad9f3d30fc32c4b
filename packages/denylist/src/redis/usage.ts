import type { UsageStore } from '../log/usage.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readNumber } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { keys } from './keys.ts';

/** How long the figures of a day are kept after they last changed. */
const dayUsageSeconds = 259_200;
/** How long those of a month are. */
const monthUsageSeconds = 5_356_800;

/**
 * Counts in HyperLogLogs: at most 12 KiB each, however many are counted, and nobody can be read out of them. The session
 * is one of its own: a slow count must hold up no heartbeat.
 */
export function createRedisUsage(session: RedisSession): UsageStore {
  const run = async <Answer>(ask: (redis: RedisConnection) => Promise<Answer>): Promise<Answer> => {
    // Outside: while the session rests it fails at once, and a rest that every question prolonged would never end.
    const redis = await session.get();
    try {
      const answer = await ask(redis);
      session.succeeded();
      return answer;
    } catch (error) {
      session.failed(error);
      throw error;
    }
  };
  return {
    async add({ subjects, tokens }, atMs) {
      const { day, month } = usageKeys(atMs);
      await run((redis) =>
        Promise.all([
          put(redis, day('subjects'), subjects, dayUsageSeconds),
          put(redis, month('subjects'), subjects, monthUsageSeconds),
          ...Object.entries(tokens).map(([name, digests]) =>
            put(redis, day(`tokens:${name}`), digests, dayUsageSeconds),
          ),
        ]),
      );
    },
    async read(clientClasses, atMs) {
      const { day, month } = usageKeys(atMs);
      return await run(async (redis) => {
        const [subjectsOfDay, subjectsOfMonth, ...tokens] = await Promise.all([
          count(redis, day('subjects')),
          count(redis, month('subjects')),
          ...clientClasses.map((name) => count(redis, day(`tokens:${name}`))),
        ]);
        const tokensOfDay = Object.fromEntries(clientClasses.map((name, index) => [name, tokens[index] ?? 0]));
        return { subjectsOfDay, subjectsOfMonth, tokensOfDay };
      });
    },
    close: () => session.close(),
  };
}

function usageKeys(atMs: number) {
  const iso = new Date(atMs).toISOString();
  return {
    day: (what: string) => `${keys.usage}:${iso.slice(0, 10)}:${what}`,
    month: (what: string) => `${keys.usage}:${iso.slice(0, 7)}:${what}`,
  };
}

async function put(redis: RedisConnection, key: string, digests: readonly string[], seconds: number): Promise<void> {
  if (digests.length === 0) return;
  await redis.call('PFADD', [key, ...digests]);
  await redis.call('EXPIRE', [key, seconds]);
}

async function count(redis: RedisConnection, key: string): Promise<number> {
  return readNumber(await redis.call('PFCOUNT', [key]), 'PFCOUNT');
}
