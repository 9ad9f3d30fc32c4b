import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** A client of WebSockets that ignores a close frame, and goes on sending. */
export interface DeafWebSocket {
  readonly socket: Socket;
  send(text: string): void;
  /** What has arrived, head and frames. */
  received(): string;
}

interface Target {
  readonly port: number;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function openDeafWebSocket({ port, path = '/', headers = {} }: Target): DeafWebSocket {
  let received = '';
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.on('data', (data) => {
    received += data.toString('latin1');
  });
  const fields = {
    Host: 'a',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return { socket, send: (text) => void socket.write(frameOf(text)), received: () => received };
}

/** One text frame with a mask of zeros (RFC 6455 §5.2). */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length]), Buffer.alloc(4), payload]);
}
