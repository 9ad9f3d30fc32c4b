import type { UsageStore } from '../log/usage.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readNumber } from './connection/replies.ts';
import type { RedisSession } from './connection/session.ts';
import { slicesOf } from './connection/slices.ts';
import { keys } from './keys.ts';

/** How long the figures of a day are kept after their last change. */
const dayUsageSeconds = 259_200;
/** How long the figures of a month are kept after their last change. */
const monthUsageSeconds = 5_356_800;

/**
 * Counts in HyperLogLogs: each takes at most 12 KiB, and a counted digest cannot be read back from it. The session must
 * be used for nothing else: a slow count must not delay a heartbeat.
 */
export function createRedisUsage(session: RedisSession): UsageStore {
  return {
    async add({ subjects, tokens }, atMs) {
      const { day, month } = usageKeys(atMs);
      await session.use((redis) =>
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
      return await session.use(async (redis) => {
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
  for (const slice of slicesOf(digests)) await redis.call('PFADD', [key, ...slice]);
  await redis.call('EXPIRE', [key, seconds]);
}

async function count(redis: RedisConnection, key: string): Promise<number> {
  return readNumber(await redis.call('PFCOUNT', [key]), 'PFCOUNT');
}
