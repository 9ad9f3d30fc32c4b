import { openSource } from '@revocast/denylist/replica';
import { findRedisServer, startRedis } from '@revocast/test-support/redis/redis';
import type { StartedLog } from './started-log.ts';

/** Starts a Redis for the log, with its files in `dir`. @returns undefined when no Redis server can be found. */
export async function startRedisLog(dir: string, say: (line: string) => void): Promise<StartedLog | undefined> {
  const binaries = await findRedisServer({ progress: say }).catch(() => undefined);
  if (binaries === undefined) return undefined;
  // Persistent, because a scene kills this server and starts it again.
  const redis = await startRedis({
    binaries,
    dir,
    config: { appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction' },
  });
  try {
    await declareWhole(redis.url);
  } catch (error) {
    await redis.stop();
    throw error;
  }
  return {
    source: {
      kind: 'redis',
      description: `Redis ${binaries.version}`,
      pid: () => redis.pid,
      kill: () => redis.kill(),
      restart: () => redis.restart(),
    },
    sidecarOptions: () => ({ source: redis.url }),
    heldBySidecarOf: undefined,
    url: redis.url,
    tokenFile: undefined,
    lookup: redis.url,
    stop: () => redis.stop(),
  };
}

/** Declares the new log complete. Without this, the demo would wait 15 s until the log is ready. */
async function declareWhole(url: string): Promise<void> {
  const source = await openSource(url);
  try {
    await source.declareWhole?.();
  } finally {
    await source.close();
  }
}
