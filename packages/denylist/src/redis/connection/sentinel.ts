import { setTimeout as sleep } from 'node:timers/promises';
import { FeedError } from '../../log/feed.ts';
import type { RedisNode, RedisSource } from '../../sources/redis-source.ts';
import { openClient, type RedisConnection, type RedisTimeouts } from '../client.ts';
import type { RedisAddress } from './credentials.ts';
import { firstToSucceed } from './first-to-succeed.ts';
import { readArray, readNumber, readText } from './replies.ts';
import { isCommandHidden } from './reply-errors.ts';

/** How often the Sentinels are asked for the primary while there is a connection to it. */
const watchMs = 500;

/**
 * Asks the Sentinels for the primary and connects to it. The connection is closed within a second after the Sentinels
 * name another primary: the old one answers for some seconds more, and writes to it are then lost.
 */
export async function connectToPrimary(source: RedisSource, timeouts: RedisTimeouts): Promise<RedisConnection> {
  const { sentinel, primary } = await askAny(source, timeouts);
  try {
    const connection = await openClient({ ...source, ...primary }, timeouts);
    try {
      await expectPrimary(connection, source);
    } catch (error) {
      connection.close();
      throw error;
    }
    void closeWhenMoved({ connection, sentinel, primary, source, timeouts });
    return connection;
  } catch (error) {
    sentinel.close();
    throw error;
  }
}

interface Answer {
  readonly sentinel: RedisConnection;
  readonly primary: RedisNode;
}

/** The first answer counts, so a Sentinel that is down or does not watch this primary costs no time. */
async function askAny(source: RedisSource, { connectMs = 1000, ...timeouts }: RedisTimeouts): Promise<Answer> {
  const limits = { ...timeouts, connectMs, commandMs: connectMs };
  return await firstToSucceed(
    source.nodes.map(async (node): Promise<Answer> => {
      const sentinel = await openClient(sentinelAddress(source, node), limits);
      try {
        return { sentinel, primary: await askPrimary(sentinel, source) };
      } catch (error) {
        sentinel.close();
        throw error;
      }
    }),
    ({ sentinel }) => sentinel.close(),
  );
}

function sentinelAddress(source: RedisSource, node: RedisNode): RedisAddress {
  const { name, tls, sentinelUser: user, sentinelPassword: password } = source;
  return { ...node, name, database: 0, tls, user, password };
}

async function askPrimary(sentinel: RedisConnection, { name, primaryName = '' }: RedisSource): Promise<RedisNode> {
  const reply = await sentinel.call('SENTINEL', ['get-master-addr-by-name', primaryName]);
  if (reply === null)
    throw new FeedError(
      'refused',
      `${name}: expected the name of a primary that the Sentinels watch, found another name`,
    );
  const [host, port] = readArray(reply, 'primary');
  return { host: readText(host, 'primary host'), port: readNumber(port, 'primary port') };
}

/** A Sentinel that missed a failover still names the old primary, which is a replica now. */
async function expectPrimary(connection: RedisConnection, { name }: RedisSource): Promise<void> {
  let role: string;
  try {
    role = readText(readArray(await connection.call('ROLE', []), 'ROLE')[0], 'role');
  } catch (error) {
    // Without the right to ask, the first write fails instead.
    if (isCommandHidden(error)) return;
    throw error;
  }
  if (role !== 'master')
    throw new FeedError(
      'read_only',
      `${name}: the server that the Sentinels name is not the primary: a failover is in progress; try again`,
    );
}

interface Watched extends Answer {
  readonly connection: RedisConnection;
  readonly source: RedisSource;
  readonly timeouts: RedisTimeouts;
}

async function closeWhenMoved({ connection, primary, source, timeouts, ...first }: Watched): Promise<void> {
  let { sentinel } = first;
  const { closed } = connection;
  closed.addEventListener('abort', () => sentinel.close(), { once: true });
  for (;;) {
    // Rejects when the connection is closed meanwhile; the watch then ends.
    await sleep(watchMs, undefined, { ref: false, signal: closed }).catch(() => undefined);
    if (closed.aborted) break;
    try {
      let named: RedisNode;
      if (sentinel.open) named = await askPrimary(sentinel, source);
      else ({ sentinel, primary: named } = await askAny(source, { ...timeouts, isBackground: true }));
      if (named.host !== primary.host || named.port !== primary.port) connection.close();
    } catch {
      // A Sentinel that fails says nothing about the primary; the next round asks another Sentinel.
      sentinel.close();
    }
  }
  sentinel.close();
}
