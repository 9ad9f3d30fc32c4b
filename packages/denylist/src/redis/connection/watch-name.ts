import { isIP } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { RedisSource } from '../../sources/redis-source.ts';
import type { RedisConnection } from '../client.ts';

/** How often a plain name is dialled again: for so long a process may follow a server that the name has left. */
export const redialMs = 30_000;

/** Sentinels and clusters name the server themselves, and an address is no name. */
export function isPlainName({ deployment, nodes: [{ host }] }: RedisSource): boolean {
  return deployment === 'single' && isIP(host) === 0 && !host.startsWith('/');
}

/** For so long the server behind the name may lack the last entries: it may be a redis replica that is just promoted. */
const lagMs = 1000;

interface WatchedName {
  readonly source: RedisSource;
  /** Closed when the name leads to another log. */
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** Opens a new connection, which resolves the name again. */
  readonly dial: () => Promise<RedisConnection>;
  /** Whether the log behind a connection has the position that was reached on the watched one. */
  readonly hasOurLog: (redis: RedisConnection) => Promise<boolean>;
  readonly onMoved: () => void;
}

/** Dials a plain name again and again until the connection is closed. Never rejects. */
export async function watchName({ source, connection, clock, dial, hasOurLog, onMoved }: WatchedName): Promise<void> {
  if (!isPlainName(source)) return;
  const { closed } = connection;
  for (;;) {
    await clock.sleep(redialMs, closed);
    if (closed.aborted) return;
    let other: RedisConnection | undefined;
    try {
      other = await dial();
      if (closed.aborted || (await hasOurLog(other))) continue;
      await clock.sleep(lagMs, closed);
      if (closed.aborted || (await hasOurLog(other))) continue;
      connection.close();
      onMoved();
    } catch {
      // A server that does not answer says nothing about the name; the next round asks again.
    } finally {
      other?.close();
    }
  }
}
