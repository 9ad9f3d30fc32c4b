import { ConfigurationError } from '../../configuration-error.ts';
import type { RedisSource } from '../../sources/redis-source.ts';
import { parseSource } from '../../sources/source.ts';

/**
 * The client library, an optional peer. It is loaded only for a URL that needs it, and when an object is constructed: a
 * missing package then stops the start with a clear error instead of failing each attempt to connect.
 *
 * @throws ConfigurationError when ioredis is not installed.
 */
export async function loadClient() {
  try {
    const { Redis } = await import('ioredis');
    return Redis;
  } catch (error) {
    throw new ConfigurationError('url', 'a redis: URL needs the package ioredis: npm install ioredis', {
      cause: error,
    });
  }
}

/**
 * The Redis that a URL names, with the client library loaded. Nothing is connected.
 *
 * @throws ConfigurationError for another kind of URL, or when ioredis is not installed.
 */
export async function requireRedis(url: string, option: string): Promise<RedisSource> {
  const source = parseSource(url, option);
  if (source.kind !== 'redis') {
    throw new ConfigurationError(option, `expected a redis: or rediss: URL, found one of kind ${source.kind}`);
  }
  await loadClient();
  return source;
}
