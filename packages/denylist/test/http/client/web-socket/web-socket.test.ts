import { createHash } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support/until';
import { WebSocketServer } from 'ws';
import { WebSocketClient } from '../../../../src/http/client/web-socket/web-socket.ts';
import { systemClock } from '../../../../src/system-clock.ts';

const closeAll: (() => void)[] = [];
afterEach(() => {
  for (const close of closeAll.splice(0)) close();
});

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const acceptOf = (head: string) => {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? '';
  return createHash('sha1').update(`${key}${guid}`).digest('base64');
};
const answerTo = (head: string) =>
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: ${acceptOf(head)}\r\nSec-WebSocket-Protocol: p.v1\r\n\r\n`;

/** A client of this server. */
async function givenClient(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const events: string[] = [];
  const client = new WebSocketClient(
    {
      url: new URL(`http://sidecar.example:7400/v1/stream?x=1`),
      headers: { authorization: 'Bearer t' },
      protocol: 'p.v1',
      clock: systemClock,
      maxMessageBytes: 1000,
      closeTimeoutMs: 50,
      dial: (onBytes) => connect({ host: '127.0.0.1', port }).on('data', onBytes),
    },
    {
      opened: () => events.push('opened'),
      refused: (statusCode) => events.push(`refused ${statusCode}`),
      message: (data) => events.push(`message ${data.toString()}`),
      pinged: () => events.push('pinged'),
      closed: (code, reason) => events.push(`closed ${code} ${reason}`),
      failed: (error) => events.push(`failed ${error.name}`),
    },
  );
  closeAll.push(() => {
    client.terminate();
    server.close();
  });
  const sees = (count: number) => until(() => events.length >= count, { what: `${count} events, found ${events}` });
  return { client, events, sees };
}

/** A server that answers the head of the request as the test wants, and then only counts bytes. */
async function givenAnswer(answer: (head: string, socket: Socket) => void) {
  const seen = { head: '', bytes: 0 };
  const server = createServer((socket) => {
    closeAll.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      seen.head = String(head);
      answer(seen.head, socket);
      socket.on('data', ({ byteLength }) => {
        seen.bytes += byteLength;
      });
    });
  });
  return { ...(await givenClient(server)), seen };
}

/** A server with the WebSockets of a library, so that the client is checked by another implementation. */
async function givenLibrary() {
  const received: string[] = [];
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'p.v1' });
  let raw: Duplex | undefined;
  const server = createHttpServer();
  server.on('upgrade', (request, socket, head) => {
    raw = socket;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      closeAll.push(() => webSocket.terminate());
      webSocket.on('message', (data, isBinary) => received.push(`${isBinary ? 'binary' : 'text'} ${String(data)}`));
      webSocket.on('pong', (data) => received.push(`pong ${String(data)}`));
      webSocket.on('close', (code) => received.push(`close ${code}`));
      webSocket.on('error', (error) => received.push(`error ${error.message}`));
    });
  });
  const world = await givenClient(server);
  await world.sees(1);
  const receives = (count: number) =>
    until(() => received.length >= count, { what: `${count} messages, found ${received}` });
  return {
    ...{ ...world, received, receives },
    write: (...bytes: number[]) => raw?.write(Buffer.from(bytes)),
    end: () => raw?.end(),
  };
}

describe('the opening handshake of a client', () => {
  it('sends what RFC 6455 demands and the given headers, and reads what comes with the answer', async () => {
    const { events, sees, seen } = await givenAnswer((request, socket) => {
      const [first, ...rest] = [answerTo(request), Buffer.concat([Buffer.of(0x82, 2), Buffer.from('hi')])];
      socket.write(Buffer.concat([Buffer.from(first), ...rest.map((bytes) => Buffer.from(bytes))]));
    });
    await sees(2);
    expect(events).toEqual(['opened', 'message hi']);
    expect(seen.head.split('\r\n').map((line) => line.replace(/^(Sec-WebSocket-Key): .{22}==$/, '$1'))).toEqual([
      'GET /v1/stream?x=1 HTTP/1.1',
      'Host: sidecar.example:7400',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Protocol: p.v1',
      'authorization: Bearer t',
      '',
      '',
    ]);
  });

  it.each([
    ['another status', () => 'HTTP/1.1 404 Not Found\r\n\r\n', 'refused 404'],
    ['no HTTP', () => 'SSH-2.0-x\r\n\r\n', 'failed NoUpgradeError'],
    ['a wrong accept', (head: string) => answerTo(head).replace(acceptOf(head), 'AAAA'), 'failed NoUpgradeError'],
    ['another protocol', (head: string) => answerTo(head).replace('p.v1', 'p.v2'), 'failed NoUpgradeError'],
    ['no upgrade', (head: string) => answerTo(head).replace('WebSocket', 'h2c'), 'failed NoUpgradeError'],
    ['no connection header', (head: string) => answerTo(head).replace('Connection', 'X'), 'failed NoUpgradeError'],
    [
      'an extension that was not offered',
      (head: string) => answerTo(head).replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n'),
      'failed NoUpgradeError',
    ],
    ['a head without an end', () => 'x'.repeat(17_000), 'failed NoUpgradeError'],
  ])('fails when the answer is %s', async (_, answer, expected) => {
    const { events, sees } = await givenAnswer((head, socket) => socket.write(answer(head)));
    await sees(1);
    expect(events).toEqual([expected]);
  });

  it('fails when the connection ends before the answer', async () => {
    const { events, sees } = await givenAnswer((_, socket) => socket.end());
    await sees(1);
    expect(events).toEqual(['closed 1006 ']);
  });
});

describe('an open connection', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536])('sends a masked message of %i bytes', async (length) => {
    const { client, received, receives } = await givenLibrary();
    client.send(Buffer.alloc(length, 'a'));
    await receives(1);
    expect(received).toEqual([`binary ${'a'.repeat(length)}`]);
  });

  it('answers a ping with its bytes', async () => {
    const { events, write, received, receives } = await givenLibrary();
    write(0x89, 2, 0x68, 0x69);
    await receives(1);
    expect({ received, events }).toEqual({ received: ['pong hi'], events: ['opened', 'pinged'] });
  });

  it('answers a close frame with its code, and then ends', async () => {
    const { client, events, write, received, sees, receives } = await givenLibrary();
    write(0x88, 3, 0x0f, 0xa0, 0x78);
    await sees(2);
    client.send(Buffer.of(1));
    await receives(1);
    expect({ received, events }).toEqual({ received: ['close 4000'], events: ['opened', 'closed 4000 x'] });
  });

  it('closes with a code, and sends nothing after it', async () => {
    const { client, events, received, sees, receives } = await givenLibrary();
    client.close(4001);
    client.send(Buffer.of(1));
    await receives(1);
    await sees(2);
    expect({ received, events }).toEqual({ received: ['close 4001'], events: ['opened', 'closed 4001 '] });
  });

  it('does not wait for the end of the closing handshake for longer than the limit', async () => {
    const { client, events, sees, seen } = await givenAnswer((head, socket) => socket.write(answerTo(head)));
    await sees(1);
    client.close(1000);
    await sees(2);
    // Header, masking key and code.
    expect({ bytes: seen.bytes, events }).toEqual({ bytes: 8, events: ['opened', 'closed 1006 '] });
  });

  it('fails when the server sends what is no message', async () => {
    const { events, write, sees } = await givenLibrary();
    write(0x81, 0);
    await sees(2);
    expect(events).toEqual(['opened', 'failed MessageError']);
  });

  it('is closed without a code when the server ends it', async () => {
    const { events, end, sees } = await givenLibrary();
    end();
    await sees(2);
    expect(events).toEqual(['opened', 'closed 1006 ']);
  });
});
