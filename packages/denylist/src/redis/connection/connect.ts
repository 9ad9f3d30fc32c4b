import type { RedisSource } from '../../sources/source.ts';
import { openClient, type RedisConnection, type RedisTimeouts } from '../client.ts';
import { connectToOwner } from './cluster.ts';
import { connectToPrimary } from './sentinel.ts';

export type { RedisConnection, RedisTimeouts } from '../client.ts';

/**
 * Opens one connection to the server that accepts writes, in any deployment. It never reconnects, because its user must
 * see that the server may be another one; it closes when that server no longer accepts writes.
 *
 * @throws FeedError when Redis is unreachable, ConfigurationError when ioredis is not installed.
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
