import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { FrameSplitter } from '@revocast/test-support/network/frame-splitter';

const kinds = { welcome: 1, join: 65, follow: 66, report: 67 };
const reportEveryMs = 500;

/**
 * A reader that joins a sidecar, follows its feed, and from then on reads no byte. It may go on reporting, as no process of the
 * product would: its frames are written here by hand (docs/protocol.md, Frames).
 */
export class MuteReader {
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;
  #isFollowing = false;
  #closedAtMs: number | undefined;

  constructor(port: number, { reports }: { readonly reports: boolean }) {
    this.#socket = connect({ host: '127.0.0.1', port });
    const splitter = new FrameSplitter();
    this.#socket.write(upgradeRequest(port));
    this.#socket.on('data', (bytes) => {
      for (const { opcode, payload } of splitter.push(bytes)) {
        if (opcode === undefined) this.#send(kinds.join, joinFields);
        else if (payload.readUInt8(1) === kinds.welcome) this.#follow(payload.subarray(2, 18), reports);
      }
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      clearInterval(this.#timer);
      this.#closedAtMs = performance.now();
    });
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  get isClosed(): boolean {
    return this.#closedAtMs !== undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #follow(position: Buffer, reports: boolean): void {
    this.#send(kinds.follow, position);
    this.#isFollowing = true;
    this.#socket.pause();
    // Without reading, only a write shows that the other side is gone.
    if (reports) this.#timer = setInterval(() => this.#send(kinds.report, Buffer.alloc(4)), reportEveryMs);
  }

  #send(kind: number, fields: Buffer): void {
    const body = Buffer.concat([Buffer.of(1, kind), fields, Buffer.alloc(4)]);
    body.writeUInt32BE(crc32(body.subarray(0, -4)), body.length - 4);
    // A short binary message, masked with zeros (RFC 6455 §5.2).
    this.#socket.write(Buffer.concat([Buffer.of(0x82, 0x80 | body.length, 0, 0, 0, 0), body]));
  }
}

/** Flags, `maxStalenessMs`, no secret, a label, and issuers that are not stated. */
const joinFields = Buffer.concat([
  Buffer.of(0, 0, 0, 0x0b, 0xb8),
  Buffer.alloc(16),
  Buffer.of(4),
  Buffer.from('mute'),
  Buffer.of(255),
]);

function upgradeRequest(port: number): string {
  return [
    'GET /v1/stream HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: revocast.v1',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');
}
