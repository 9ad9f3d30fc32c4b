import type { Clock, Random } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { Feed } from '../log/feed.ts';
import { parseSource } from './source.ts';

export interface OpenFeedOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** File with the bearer token of a sidecar that is not on loopback. */
  readonly tokenFile?: string;
}

/**
 * The feed behind a URL: `redis:`, `rediss:` (needs ioredis), `http:`, `https:`, `unix:` (a sidecar).
 * Nothing is connected yet.
 *
 * @throws ConfigurationError for a URL that cannot be a feed, or a missing ioredis.
 */
export async function openFeed(url: string, options: OpenFeedOptions): Promise<Feed> {
  const source = parseSource(url);
  switch (source.kind) {
    case 'redis': {
      const { loadClient } = await import('../redis/connection/load-client.ts');
      await loadClient();
      const { createRedisFeed } = await import('../redis/feed.ts');
      return createRedisFeed(source, options);
    }
    case 'http': {
      const { createHttpFeed } = await import('../http/client/feed.ts');
      return createHttpFeed(source, options);
    }
    case 'file':
      throw new ConfigurationError(
        'feed',
        'file: belongs to the one process that writes it; follow the sidecar that has it, or hand over the publisher object',
      );
    case 'memory':
      throw new ConfigurationError(
        'feed',
        'memory: is a log of its own in each place it is named; hand over the publisher object instead',
      );
  }
}
