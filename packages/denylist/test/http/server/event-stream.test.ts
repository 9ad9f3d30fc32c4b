import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support/until';
import { EventStream } from '../../../src/http/server/event-stream.ts';

const maxBufferedBytes = 64 * 1024;
let stream: EventStream<string | undefined>;
let server: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  stream = new EventStream(maxBufferedBytes);
  server = createServer((request: IncomingMessage, response) => {
    stream.add(response, request.url?.slice(1), 'event: a\ndata: backlog\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  server.close();
});

/** A reader with a name; it keeps what it has read. */
async function join(name: string) {
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  const seen = { text: '', closed: false };
  socket.on('data', (bytes) => {
    seen.text += String(bytes);
  });
  socket.on('close', () => {
    seen.closed = true;
  });
  socket.on('error', () => {});
  socket.write(`GET /${name} HTTP/1.1\r\nHost: sidecar\r\n\r\n`);
  await until(() => seen.text.includes('backlog'), { what: 'the backlog' });
  return { socket, seen };
}

describe('the event stream', () => {
  it('gives each reader its backlog, then every frame, in order', async () => {
    const readers = [await join('a'), await join('b')];
    expect(stream.size).toBe(2);
    stream.send('data: 1\n\n');
    stream.send('data: 2\n\n');
    for (const { seen } of readers) {
      await until(() => seen.text.includes('data: 2'), { what: 'both frames' });
      expect(seen.text).toMatch(/backlog.*data: 1.*data: 2/s);
      expect(seen.text).toMatch(/content-type: text\/event-stream/i);
      expect(seen.text).toMatch(/cache-control: no-store/i);
    }
  });

  it('sends a frame only to those that may have it', async () => {
    const a = await join('a');
    const b = await join('b');
    stream.send('data: only a\n\n', (reader) => reader === 'a');
    stream.send('data: all\n\n');
    await until(() => b.seen.text.includes('data: all') && a.seen.text.includes('data: all'), { what: 'the frame' });
    expect([a.seen.text.includes('only a'), b.seen.text.includes('only a')]).toEqual([true, false]);
  });

  it('forgets a reader that left', async () => {
    const { socket } = await join('a');
    socket.destroy();
    await until(() => stream.size === 0, { what: 'the reader to be forgotten' });
    expect(stream.cut).toBe(0);
  });

  it('cuts a reader that does not read, at its bound, and no other', async () => {
    const slow = await join('slow');
    const good = await join('good');
    slow.socket.pause();
    const frame = `data: ${'x'.repeat(16 * 1024)}\n\n`;
    let sent = 0;
    // More than the buffers of two sockets hold; the good reader is given the time to keep up.
    while (stream.cut === 0 && sent < 4000) {
      stream.send(frame);
      sent += 1;
      if (sent % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect([stream.cut, stream.size]).toEqual([1, 1]);
    stream.send('data: last\n\n');
    await until(() => good.seen.text.includes('data: last'), { what: 'the good reader' });
    slow.socket.resume();
    await until(() => slow.seen.closed, { what: 'the slow reader to notice' });
    expect(slow.seen.text).not.toContain('data: last');
  });

  it('ends with a last frame', async () => {
    const { seen } = await join('a');
    stream.end('event: goodbye\ndata: 1\n\n');
    await until(() => seen.text.includes('goodbye'), { what: 'the goodbye' });
    expect(stream.size).toBe(0);
  });
});
