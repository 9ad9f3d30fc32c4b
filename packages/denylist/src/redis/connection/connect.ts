import type { RedisSource } from '../../sources/source.ts';
import { openClient, type RedisConnection, type RedisTimeouts } from './client.ts';
import { connectToOwner } from './cluster.ts';
import { connectToPrimary } from './sentinel.ts';

export type { RedisArgument, RedisConnection, RedisTimeouts } from './client.ts';

/**
 * Opens one connection to the server that takes our writes, whatever the deployment. It never reconnects by itself,
 * because whoever uses it must know that it was another one; it closes when that server is no longer the one.
 *
 * @throws FeedError when Redis is out of reach, ConfigurationError when ioredis is not installed.
 */
export async function connectRedis(source: RedisSource, timeouts: RedisTimeouts = {}): Promise<RedisConnection> {
  switch (source.deployment) {
    case 'single':
      return await openClient({ ...source, ...source.nodes[0] }, timeouts);
    case 'sentinel':
      return await connectToPrimary(source, timeouts);
    case 'cluster':
      return await connectToOwner(source, timeouts);
  }
}
