import { connect, createServer, type Server, type Socket } from 'node:net';

/** One WebSocket message of a stream on a socket. */
export interface StreamMessage {
  readonly direction: 'up' | 'down';
  /** 2: a binary frame of the protocol, 9: a ping, 10: a pong (RFC 6455 §5.2). */
  readonly opcode: number;
  /** The kind of a frame of the protocol, its second byte. */
  readonly kind: number;
  /** With header and mask. */
  readonly bytes: number;
}

/** Starts a proxy to a sidecar that records each message of its streams. */
export async function startRecordingLink(
  port: number,
): Promise<{ server: Server; port: number; messages: StreamMessage[] }> {
  const messages: StreamMessage[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    pipe(near, far, recorder('up', messages));
    pipe(far, near, recorder('down', messages));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return { server, port: address.port, messages };
}

function pipe(from: Socket, to: Socket, record: (chunk: Buffer) => void): void {
  from.on('data', (chunk) => {
    record(chunk);
    to.write(chunk);
  });
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
}

/** Reads messages of up to 64 KiB after an upgrade. Ignores other connections. */
function recorder(direction: StreamMessage['direction'], messages: StreamMessage[]): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0);
  let state: 'head' | 'messages' | 'other' = 'head';
  return (chunk) => {
    if (state === 'other') return;
    waiting = Buffer.concat([waiting, chunk]);
    if (state === 'head') {
      const end = waiting.indexOf('\r\n\r\n');
      if (end === -1) return;
      state = /^Upgrade: websocket/im.test(waiting.toString('latin1', 0, end)) ? 'messages' : 'other';
      waiting = waiting.subarray(end + 4);
    }
    for (let next = takeMessage(waiting, direction); state === 'messages' && next !== undefined; ) {
      messages.push(next);
      waiting = waiting.subarray(next.bytes);
      next = takeMessage(waiting, direction);
    }
  };
}

function takeMessage(bytes: Buffer, direction: StreamMessage['direction']): StreamMessage | undefined {
  if (bytes.byteLength < 2) return undefined;
  const isMasked = (bytes[1]! & 0x80) !== 0;
  const short = bytes[1]! & 0x7f;
  const head = (short === 126 ? 4 : 2) + (isMasked ? 4 : 0);
  if (bytes.byteLength < head) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.byteLength < head + length) return undefined;
  const mask = isMasked ? bytes[head - 3]! : 0;
  return { direction, opcode: bytes[0]! & 0x0f, kind: length < 2 ? 0 : bytes[head + 1]! ^ mask, bytes: head + length };
}
