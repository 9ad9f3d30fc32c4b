import { openSource } from '@revocast/denylist/replica';
import { findRedisServer, startRedis } from '@revocast/test-support/redis/redis';
import type { StartedLog } from './started-log.ts';

/** The log in a Redis of the demo's own. @returns undefined when there is no server to be started on this machine. */
export async function startRedisLog(say: (line: string) => void): Promise<StartedLog | undefined> {
  const binaries = await findRedisServer({ progress: say }).catch(() => undefined);
  if (binaries === undefined) return undefined;
  // What was acknowledged is on disk: the demo kills this server and starts it again.
  const redis = await startRedis({
    binaries,
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

/** A log that was just created has never held a revocation, so it is declared whole; otherwise the demo would wait 15 s. */
async function declareWhole(url: string): Promise<void> {
  const source = await openSource(url);
  try {
    await source.declareWhole?.();
  } finally {
    await source.close();
  }
}
