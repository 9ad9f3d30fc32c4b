import type { Clock, Random } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { LookUp } from '../log/look-up.ts';
import { checkMaxStaleness, defaultMaxStalenessMs } from '../replication/max-staleness.ts';
import { parseSource } from './source.ts';

export interface LookUpOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds, 1–1000, default 50: the whole look-up. */
  readonly timeoutMs?: number;
  /** Look-ups under way at once, 1–10000, default 64; one more answers `unknown` at once. */
  readonly maxConcurrent?: number;
  /** Milliseconds, 2000–60000, default 5000: how old the log's last heartbeat may be for a "not found" to count. */
  readonly maxStalenessMs?: number;
}

/**
 * The look-up behind a `redis:` or `rediss:` URL (needs ioredis). Never throws because Redis is out of reach.
 *
 * @throws ConfigurationError for another kind of URL, a `maxStalenessMs` out of its bounds, or a missing ioredis.
 */
export async function openLookUp(url: string, options: LookUpOptions): Promise<LookUp> {
  const source = parseSource(url);
  if (source.kind !== 'redis') {
    throw new ConfigurationError('lookup', `expected a redis: or rediss: URL, found a ${source.kind}: one`);
  }
  const { timeoutMs = 50, maxConcurrent = 64, ...ports } = options;
  const maxStalenessMs = checkMaxStaleness(options.maxStalenessMs ?? defaultMaxStalenessMs);
  const { loadClient } = await import('../redis/connection/load-client.ts');
  await loadClient();
  const { createRedisLookUp } = await import('../redis/look-up.ts');
  return createRedisLookUp(source, { ...ports, timeoutMs, maxConcurrent, maxStalenessMs });
}
