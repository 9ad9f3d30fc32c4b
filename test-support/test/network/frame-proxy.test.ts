import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FrameProxy, startFrameProxy } from '../../src/network/frame-proxy.ts';
import { FrameSplitter } from '../../src/network/frame-splitter.ts';
import { until } from '../../src/until.ts';

const request = 'GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n';
const response = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';
const ping = Buffer.of(0x89, 0);

function frameOf(payload: Buffer, mask?: Buffer): Buffer {
  const { length } = payload;
  const header = length < 126 ? Buffer.of(0x82, length) : Buffer.of(0x82, 126, length >> 8, length & 255);
  if (length > 65_535) throw new RangeError('longer than this test needs');
  if (mask === undefined) return Buffer.concat([header, payload]);
  header.writeUInt8(header.readUInt8(1) | 0x80, 1);
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)]);
}

describe('a splitter of frames', () => {
  const short = Buffer.from('short');
  const long = Buffer.alloc(300, 'long');
  const wire = Buffer.concat([
    Buffer.from(request),
    frameOf(short, Buffer.of(1, 2, 3, 4)),
    frameOf(Buffer.alloc(0)),
    ping,
    frameOf(long),
  ]);

  it.each([1, 2, 7, 100, wire.length])('finds each frame in pieces of %i bytes', (size) => {
    const splitter = new FrameSplitter();
    const pieces = Array.from({ length: Math.ceil(wire.length / size) }, (_, index) =>
      splitter.push(wire.subarray(index * size, (index + 1) * size)),
    ).flat();
    expect(pieces.map(({ opcode, payload }) => ({ opcode, payload: payload.toString() }))).toEqual([
      { opcode: undefined, payload: '' },
      { opcode: 2, payload: 'short' },
      { opcode: 2, payload: '' },
      { opcode: 9, payload: '' },
      { opcode: 2, payload: long.toString() },
    ]);
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(wire);
  });

  it('finds a frame whose length takes eight bytes', () => {
    const payload = Buffer.alloc(70_000, 1);
    const header = Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70);
    const [, piece] = new FrameSplitter().push(Buffer.concat([Buffer.from(response), header, payload]));
    expect(piece?.payload).toEqual(payload);
  });

  it('leaves a response that is no upgrade in one piece', () => {
    const body = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), frameOf(short)]);
    const pieces = new FrameSplitter().push(body);
    expect(pieces.map(({ opcode }) => opcode)).toEqual([undefined, undefined]);
  });
});

describe('a proxy of frames', () => {
  let target: Server;
  let served: Socket[];
  let proxy: FrameProxy;
  let client: Socket;
  let received: Buffer;
  let heard: Buffer;

  beforeEach(async () => {
    served = [];
    received = Buffer.alloc(0);
    heard = Buffer.alloc(0);
    target = createServer((socket) => {
      served.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        heard = Buffer.concat([heard, bytes]);
      });
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as AddressInfo; // listening on TCP: never a string or null
    proxy = await startFrameProxy({ host: '127.0.0.1', port });
    client = connect({ port: proxy.port, host: proxy.host });
    client.on('error', () => undefined);
    client.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
    });
    client.write(request);
    await until(() => heard.length === request.length, { what: 'the request' });
    served[0]!.write(response);
    await until(() => received.length === response.length, { what: 'the response' });
    [received, heard] = [Buffer.alloc(0), Buffer.alloc(0)];
  });
  afterEach(async () => {
    client.destroy();
    await proxy.close();
    for (const socket of served) socket.destroy();
    target.close();
  });

  const [one, two, three] = ['one', 'two', 'three'].map((text) => frameOf(Buffer.from(text)));
  const sendDown = async (...frames: readonly (Buffer | undefined)[]) => {
    served[0]!.write(Buffer.concat(frames.map((frame) => frame ?? Buffer.alloc(0))));
    served[0]!.write(ping); // passes whatever the fate of frames is, and shows that all of them went through
    await until(() => received.subarray(-2).equals(ping), { what: 'the ping' });
    return received.subarray(0, -2);
  };

  it('passes frames both ways until it is given another fate', async () => {
    expect(await sendDown(one, two)).toEqual(Buffer.concat([one!, two!]));
    const up = frameOf(Buffer.from('up'), Buffer.of(9, 9, 9, 9));
    client.write(up);
    await until(() => heard.length === up.length, { what: 'the frame' });
    expect(heard).toEqual(up);
  });

  it('loses, repeats and changes single frames', async () => {
    proxy.fate = ({ direction, bytes, payload }, pass) => {
      const text = payload.toString();
      if (direction === 'up' || text === 'two') return;
      pass(bytes);
      if (text === 'one') pass(bytes);
    };
    expect(await sendDown(one, two, three)).toEqual(Buffer.concat([one!, one!, three!]));
  });

  it('delivers a held frame later', async () => {
    const held: (() => void)[] = [];
    proxy.fate = ({ bytes }, pass) => {
      if (held.length === 0) held.push(() => pass(bytes));
      else pass(bytes);
    };
    expect(await sendDown(one, two)).toEqual(two);
    held[0]!();
    await until(() => received.length === two!.length + ping.length + one!.length, { what: 'the held frame' });
    expect(received.subarray(-one!.length)).toEqual(one);
  });

  it('keeps an abandoned connection alive at the target, and tells its client nothing', async () => {
    proxy.abandon();
    served[0]!.write(Buffer.concat([one!, ping]));
    await until(() => heard.length > 0, { what: 'the pong' });
    expect({ opcode: heard.readUInt8(0), received: received.length }).toEqual({ opcode: 0x8a, received: 0 });
    client.destroy();
    await once(client, 'close');
    served[0]!.write(ping);
    await until(() => heard.length === 12, { what: 'the second pong' });
    expect(proxy.abandoned).toBe(1);
    served[0]!.destroy();
    await until(() => proxy.abandoned === 0, { what: 'the end of the connection' });
  });
});
