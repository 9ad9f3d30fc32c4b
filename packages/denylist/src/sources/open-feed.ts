import type { Clock, Random } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import type { Feed } from '../log/feed.ts';
import { loadClient } from '../redis/connection/load-client.ts';
import { systemClock, systemRandom } from '../system-clock.ts';
import { parseSource, type TransportOptions } from './source.ts';

interface OpenFeedOptions extends TransportOptions {
  /** Default: the clock and the randomness of this machine. */
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** File with the bearer token of a sidecar that is not on loopback. */
  readonly tokenFile?: string | undefined;
}

/**
 * The feed that a URL names: `redis:`, `rediss:` (needs ioredis), `http:`, `https:` or `unix:` (a sidecar). Nothing is
 * connected yet.
 *
 * @throws ConfigurationError for a URL that names no feed, `http:` to another host without `dangerouslyAllowHttp`, or when ioredis is not installed.
 */
export async function openFeed(url: string, options: OpenFeedOptions = {}): Promise<Feed> {
  const { clock = systemClock, random = systemRandom, tokenFile } = options;
  const source = parseSource(url, 'url', options);
  switch (source.kind) {
    case 'redis': {
      await loadClient();
      const { createRedisFeed } = await import('../redis/feed.ts');
      return createRedisFeed(source, { clock, random });
    }
    case 'http': {
      const { loadHttpFeed } = await import('../http/client/load-feed.ts');
      const createHttpFeed = await loadHttpFeed();
      return createHttpFeed(source, { clock, tokenFile });
    }
    case 'file':
      throw new ConfigurationError(
        'feed',
        'a file: log can be opened only by the one process that writes it; give the URL of the sidecar that has opened it, or the publisher object',
      );
    case 'memory':
      throw new ConfigurationError(
        'feed',
        'each memory: URL opens a new, empty log; give the publisher object instead',
      );
  }
}
