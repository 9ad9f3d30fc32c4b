import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { until } from '@revocast/test-support/until';
import { WebSocketServer } from 'ws';
import { openStream, type StreamSocket } from '../../../src/http/client/stream-socket.ts';
import { streamProtocol } from '../../../src/http/wire/stream.ts';
import { parseSource } from '../../../src/sources/source.ts';
import { systemClock } from '../../../src/system-clock.ts';

const closeAll: (() => void)[] = [];
afterEach(() => {
  for (const close of closeAll.splice(0)) close();
});

/** A stream to a sidecar that does this to the socket after the upgrade. */
async function given(afterUpgrade: (socket: Duplex) => void): Promise<StreamSocket> {
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => streamProtocol });
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, () => afterUpgrade(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const source = parseSource(`http://127.0.0.1:${port}`);
  if (source.kind !== 'http') throw new Error('expected an http source');
  const stop = new AbortController();
  const stream = await openStream({ source, signal: stop.signal }, systemClock);
  if (stream === undefined) throw new Error('expected a stream');
  closeAll.push(() => {
    stop.abort();
    stream.close();
    server.closeAllConnections();
    server.close();
  });
  return stream;
}

describe('what a stream receives', () => {
  it.each([
    { what: 'a reserved opcode', bytes: Buffer.of(0x83, 0) },
    { what: 'a masked frame of a server', bytes: Buffer.of(0x82, 0x81, 0, 0, 0, 0, 1) },
    { what: 'a frame longer than 1 MiB', bytes: Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 0x20, 0, 0) },
    { what: 'a text message', bytes: Buffer.of(0x81, 1, 0x61) },
    { what: 'a frame whose checksum does not match', bytes: Buffer.of(0x82, 6, 1, 5, 0, 0, 0, 0) },
  ])('is a gap when it is $what, because it would come again from the same position', async ({ bytes }) => {
    const stream = await given((socket) => socket.write(bytes));
    await expect(stream.next()).rejects.toMatchObject({ name: 'FeedGap', gap: 'unreadable' });
  });

  it('is the end without a gap when the link breaks', async () => {
    const stream = await given((socket) => socket.destroy());
    await expect(stream.next()).rejects.toMatchObject({ name: 'FeedError', code: 'closed' });
  });
});

describe('a stream whose link loses every packet', () => {
  it('ends after 3 s, and not before', async () => {
    const stream = await given(() => undefined);
    const clock = new FakeClock();
    let looks = 0;
    void stream.watch(clock, () => {
      looks += 1;
    });
    await clock.advance(2999);
    expect({ ended: stream.closed.aborted, looks }).toEqual({ ended: false, looks: 5 });
    await clock.advance(1);
    await expect(stream.next()).rejects.toMatchObject({ name: 'FeedError', code: 'timeout' });
  });

  it('goes on for 3 s after each byte', async () => {
    let write: (bytes: Buffer) => void = () => {};
    const stream = await given((socket) => {
      write = (bytes) => socket.write(bytes);
    });
    const clock = new FakeClock();
    void stream.watch(clock, () => undefined);
    await clock.advance(2500);
    const isPinged = stream.next();
    write(Buffer.of(0x89, 0));
    await until(() => isPinged.then(() => true), { what: 'the ping' });
    await clock.advance(2999);
    expect(stream.closed.aborted).toBe(false);
    await clock.advance(1);
    expect(stream.closed.aborted).toBe(true);
  });
});
