import { crc32 } from 'node:zlib';

// A frame is one binary message of the WebSocket. All numbers are big-endian:
//
//   0  version (u8)   1  kind (u8)   2  fields of the kind   end − 4  CRC-32 of all bytes before it (u32)
//
// The WebSocket says how long a frame is, so no length can be damaged without the checksum showing it.

export const frameVersion = 1;
export const frameHeaderBytes = 2;
export const frameChecksumBytes = 4;

/** A longer frame from a reader ends its connection. */
export const maxUpFrameBytes = 65_536;
/** A longer frame from a sidecar ends the connection. */
export const maxDownFrameBytes = 1_048_576;

/** Down is 1–63, up is 64–127: a frame that is reflected by mistake is not taken for an answer. */
export const frameKinds = {
  welcome: 1,
  changes: 2,
  heartbeat: 3,
  answer: 4,
  goodbye: 5,
  join: 65,
  follow: 66,
  report: 67,
  usage: 68,
  ask: 69,
} as const;
export type FrameKind = keyof typeof frameKinds;

/** What is wrong with a frame. */
export type FrameErrorCode = 'too_short' | 'too_long' | 'checksum' | 'version' | 'malformed';

/** A frame that cannot be read. The reader of a feed treats it as a gap, a sidecar ends the connection. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Checks length, checksum and version, in this order: a damaged version must read as damage.
 *
 * @returns the number of its kind, which may be one that this version does not have.
 * @throws FrameError
 */
export function checkFrame(frame: Buffer, maxBytes: number): number {
  const found = `found ${frame.byteLength} bytes`;
  if (frame.byteLength > maxBytes) throw new FrameError('too_long', `expected at most ${maxBytes} bytes, ${found}`);
  const end = frame.byteLength - frameChecksumBytes;
  if (end < frameHeaderBytes) {
    throw new FrameError('too_short', `expected at least ${frameHeaderBytes + frameChecksumBytes} bytes, ${found}`);
  }
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) {
    throw new FrameError('checksum', 'the checksum of a frame does not match');
  }
  const version = frame.readUInt8(0);
  if (version !== frameVersion) {
    throw new FrameError('version', `expected frame version ${frameVersion}, found ${version}`);
  }
  return frame.readUInt8(1);
}
