import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { createTestKit } from '@revocast/testing';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { type SocketRefusal, socketGate } from '../../src/adapters/socket-io.ts';
import { createVerifier } from '../../src/index.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

/** A client whose connection is cut after its first message, and what it receives when it comes back. */
async function comeBack(options: { skipMiddlewares: boolean }, whileAway: 'nothing' | 'revoked') {
  const kit = await createTestKit();
  const verifier = createVerifier(kit.options);
  opened.push(kit, verifier);
  await kit.ready();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Server(server, { connectionStateRecovery: options });
  opened.push({ close: () => sockets.close() });
  sockets.use(socketGate(verifier));
  sockets.on('connection', (socket) => {
    // A session is recovered only from an offset, which the first message has.
    if (!socket.recovered) socket.emit('owner', socket.data.auth.subject);
  });
  const { port } = server.address() as AddressInfo;
  const auth = { token: kit.token({ session: 's1' }) };
  const client = io(`http://127.0.0.1:${port}`, {
    auth,
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
  });
  opened.push({ close: () => client.close() });
  await new Promise((resolve) => client.once('owner', resolve));
  const { id } = client;

  const left = new Promise((resolve) => client.once('disconnect', resolve));
  client.io.engine.close();
  await left;
  if (whileAway === 'revoked') await kit.revoke({ session: 's1' });
  return await new Promise<{ status: number; isRecovered: boolean }>((resolve) => {
    client.once('connect', () => resolve({ status: 200, isRecovered: client.recovered && client.id === id }));
    client.once('connect_error', (error: Error & { data?: SocketRefusal }) =>
      resolve({ status: error.data?.status ?? 0, isRecovered: client.recovered }),
    );
    client.connect();
  });
}

it('socketGate lets a client recover its session after a short disconnection', async () => {
  expect(await comeBack({ skipMiddlewares: false }, 'nothing')).toEqual({ status: 200, isRecovered: true });
});

it('socketGate refuses a client that was revoked meanwhile, although Socket.IO could recover its session', async () => {
  expect(await comeBack({ skipMiddlewares: false }, 'revoked')).toMatchObject({ status: 401 });
});

it('socketGate cannot refuse it with skipMiddlewares, as the documentation says', async () => {
  expect(await comeBack({ skipMiddlewares: true }, 'revoked')).toEqual({ status: 200, isRecovered: true });
});
