import { randomFillSync } from 'node:crypto';

const maskBytes = 4;
const keyPool = Buffer.alloc(4096);
let keysUsed = keyPool.byteLength;

/**
 * A whole message of a client: header, masking key and masked payload (RFC 6455 §5.2), in one piece.
 *
 * @param first the first byte: FIN and the opcode.
 * @param data at most 64 KiB.
 */
export function maskedMessage(first: number, data: Uint8Array): Buffer {
  const { byteLength } = data;
  const headerBytes = byteLength < 126 ? 2 : byteLength < 65_536 ? 4 : 10;
  const start = headerBytes + maskBytes;
  const message = Buffer.allocUnsafe(start + byteLength);
  message[0] = first;
  if (headerBytes === 2) {
    message[1] = 0x80 | byteLength;
  } else if (headerBytes === 4) {
    message[1] = 0x80 | 126;
    message.writeUInt16BE(byteLength, 2);
  } else {
    message[1] = 0x80 | 127;
    message.writeUInt32BE(0, 2);
    message.writeUInt32BE(byteLength, 6);
  }
  // §5.3: a new key that cannot be predicted for each message. They are drawn a thousand at a time.
  if (keysUsed >= keyPool.byteLength) {
    randomFillSync(keyPool);
    keysUsed = 0;
  }
  const key = keysUsed;
  keysUsed += maskBytes;
  keyPool.copy(message, headerBytes, key, key + maskBytes);
  for (let index = 0; index < byteLength; index++) {
    message[start + index] = data[index]! ^ keyPool[key + (index & 3)]!;
  }
  return message;
}
