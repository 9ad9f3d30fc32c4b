import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { freePort } from '../src/free-port.ts';

it('returns a port on which a server can listen', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(server.address()).toMatchObject({ port });
  // A connection of another process would take a port of the range for outgoing connections.
  expect(port).toBeLessThan(32_768);
  server.close();
});
