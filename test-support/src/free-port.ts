import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A loopback TCP port that nobody listened on a moment ago.
 *
 * Another process may take it before the caller binds it, so a caller that can bind port 0 itself should do that, and
 * one that cannot must try again with another port when the bind clashes.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}
