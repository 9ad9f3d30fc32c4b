import { disposable } from '../disposable.ts';
import type { ReplayStore } from '../log/replay-store.ts';
import { requireRedis } from '../redis/connection/load-client.ts';
import type { ReplayStoreOptions } from '../redis/replay-store.ts';
import { systemClock, systemRandom } from '../system-clock.ts';

/**
 * The replay store that a `redis:` or `rediss:` URL names (needs ioredis). An unreachable Redis is not an error here:
 * the store then answers `unknown`.
 *
 * @throws ConfigurationError for another kind of URL, a `timeoutMs` out of its bounds, or when ioredis is not installed.
 */
export async function openReplayStore(
  url: string,
  options: Partial<ReplayStoreOptions> = {},
): Promise<ReplayStore & AsyncDisposable> {
  const { clock = systemClock, random = systemRandom, timeoutMs } = options;
  const source = await requireRedis(url, 'url');
  const { createRedisReplayStore } = await import('../redis/replay-store.ts');
  return disposable(createRedisReplayStore(source, { clock, random, timeoutMs }));
}
