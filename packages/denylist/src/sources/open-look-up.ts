import { disposable } from '../disposable.ts';
import type { LookUp } from '../log/look-up.ts';
import { requireRedis } from '../redis/connection/load-client.ts';
import type { LookUpOptions } from '../redis/look-up.ts';
import { systemClock, systemRandom } from '../system-clock.ts';

/**
 * The look-up that a `redis:` or `rediss:` URL names (needs ioredis). An unreachable Redis is not an error here: each
 * look-up then answers `unknown`.
 *
 * @throws ConfigurationError for another kind of URL, a number out of its bounds, or when ioredis is not installed.
 */
export async function openLookUp(url: string, options: Partial<LookUpOptions> = {}): Promise<LookUp & AsyncDisposable> {
  const { clock = systemClock, random = systemRandom, ...limits } = options;
  const source = await requireRedis(url, 'lookup');
  const { createRedisLookUp } = await import('../redis/look-up.ts');
  return disposable(createRedisLookUp(source, { clock, random, ...limits }));
}
