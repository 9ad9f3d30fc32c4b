import { FeedError } from '../../log/feed.ts';
import type { RedisNode, RedisSource } from '../../sources/redis-source.ts';
import { openClient, type RedisConnection, type RedisTimeouts } from '../client.ts';
import { keys } from '../keys.ts';
import { firstToSucceed } from './first-to-succeed.ts';
import { movedTo } from './reply-errors.ts';

/** A node may name an owner that has changed since, which then names another one. */
const maxHops = 4;

/**
 * Connects to the node of a cluster that owns the slot of `{revocast}`: all keys share that hash tag, so one node has
 * them all. Every node that answers names the owner. When the slot moves, the node refuses the next command and the
 * connection closes; the next attempt to connect finds the new owner.
 */
export async function connectToOwner(source: RedisSource, timeouts: RedisTimeouts): Promise<RedisConnection> {
  return await firstToSucceed(
    source.nodes.map((node) => followFrom(node, source, timeouts)),
    (late) => late.close(),
  );
}

async function followFrom(from: RedisNode, source: RedisSource, timeouts: RedisTimeouts): Promise<RedisConnection> {
  let node = from;
  for (let hop = 0; hop < maxHops; hop++) {
    const connection = await openClient({ ...source, ...node }, timeouts);
    try {
      // A command with a key of ours, and a right that every user has: CLUSTER SLOTS would need another one.
      await connection.call('HMGET', [keys.meta, 'epoch']);
      return connection;
    } catch (error) {
      connection.close();
      const next = movedTo(error);
      if (next === undefined) throw error;
      node = { host: next.host === '' ? node.host : next.host, port: next.port };
    }
  }
  throw new FeedError(
    'loading',
    `${source.name}: no owner of the slot was found, because the nodes name each other; try again`,
  );
}
