import type { Clock, Random } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { ReplayStore } from '../log/replay-store.ts';
import { parseSource } from './source.ts';

export interface OnceStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds, default 50: one answer, dialling included. */
  readonly timeoutMs?: number;
}

/**
 * The names taken behind a `redis:` or `rediss:` URL (needs ioredis). Never throws because Redis is out of reach.
 *
 * @throws ConfigurationError for another kind of URL, or a missing ioredis.
 */
export async function openReplayStore(
  url: string,
  { timeoutMs = 50, ...ports }: OnceStoreOptions,
): Promise<ReplayStore> {
  const source = parseSource(url);
  if (source.kind !== 'redis') {
    throw new ConfigurationError('url', `expected a redis: or rediss: URL, found a ${source.kind}: one`);
  }
  const { loadClient } = await import('../redis/connection/load-client.ts');
  await loadClient();
  const { createRedisOnceStore } = await import('../redis/replay-store.ts');
  return createRedisOnceStore(source, { ...ports, timeoutMs });
}
