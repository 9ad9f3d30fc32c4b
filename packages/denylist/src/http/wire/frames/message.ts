/** The longest header of a message that is not masked (RFC 6455 §5.2). */
export const maxMessageHeaderBytes = 10;

/** The last fragment, which is the only one, of a binary message. */
const binary = 0x82;

/**
 * The message of a server that carries a frame: what RFC 6455 §5.2 puts before it, and the frame. A server does not mask
 * (§5.1), so the message is the same for every reader.
 *
 * @param frame with room for the header before it in its memory.
 */
export function messageOf(frame: Buffer): Buffer {
  const { buffer, byteOffset, byteLength } = frame;
  const headerBytes = byteLength < 126 ? 2 : byteLength < 65_536 ? 4 : 10;
  const message = Buffer.from(buffer, byteOffset - headerBytes, headerBytes + byteLength);
  message[0] = binary;
  if (headerBytes === 2) {
    message[1] = byteLength;
  } else if (headerBytes === 4) {
    message[1] = 126;
    message.writeUInt16BE(byteLength, 2);
  } else {
    message[1] = 127;
    message.writeUInt32BE(0, 2);
    message.writeUInt32BE(byteLength, 6);
  }
  return message;
}
