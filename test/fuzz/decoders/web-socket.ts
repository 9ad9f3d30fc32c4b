import { Handshake } from '../../../packages/denylist/src/http/client/web-socket/handshake.ts';
import { MessageError, MessageReader } from '../../../packages/denylist/src/http/client/web-socket/message-reader.ts';
import type { Decoder } from '../decoder.ts';

const ignored = { message: () => undefined, ping: () => undefined, close: () => undefined };

/** The bytes of a server behind the opening handshake, received in two parts. */
export const serverMessages: Decoder = {
  name: 'server-messages',
  format: 'binary',
  seeds: [
    Buffer.of(0x82, 3, 1, 2, 3, 0x89, 1, 7, 0x82, 126, 0, 3, 4, 5, 6),
    Buffer.of(0x02, 1, 1, 0x89, 0, 0x00, 2, 2, 3, 0x80, 0, 0x88, 4, 0x0f, 0xa0, 0x68, 0x69),
    Buffer.of(0x82, 127, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 0x8a, 0),
  ],
  isExpected: (error) => error instanceof MessageError,
  decode(input) {
    const reader = new MessageReader(1000, ignored);
    const cut = input.length === 0 ? 0 : input[input.length - 1]! % input.length;
    reader.add(input.subarray(0, cut));
    reader.add(input.subarray(cut));
  },
};

const url = new URL('http://sidecar.example/v1/stream');

/** The answer of a server to the opening handshake. */
export const upgradeAnswer: Decoder = {
  name: 'upgrade-answer',
  format: 'binary',
  seeds: [
    Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'),
    Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  ],
  decode: (input) => new Handshake({ url, protocol: 'p.v1', headers: {} }).add(input),
};
