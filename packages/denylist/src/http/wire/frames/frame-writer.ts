import { crc32 } from 'node:zlib';
import { type FrameKind, frameChecksumBytes, frameKinds, frameVersion } from './frame.ts';
import { maxMessageHeaderBytes, messageOf } from './message.ts';

/** A new slab takes the frames of a few thousand changes. */
const slabBytes = 256 * 1024;
const firstBytes = 1024;

/**
 * Writes one frame after another into memory of its own, so that a frame costs one view and no copy.
 *
 * A `scratch` writer overwrites each frame with the next: for messages that are copied when they are sent. A `slab` writer
 * never writes to the same place twice: its frames may wait in sockets and be kept for readers that resume.
 */
export class FrameWriter {
  readonly #keepsFrames: boolean;
  #bytes: Buffer;
  #start = 0;
  #at = 0;

  constructor(memory: 'scratch' | 'slab') {
    this.#keepsFrames = memory === 'slab';
    this.#bytes = Buffer.allocUnsafeSlow(this.#keepsFrames ? slabBytes : firstBytes);
  }

  /** Bytes of the frame that is being written, without its checksum. */
  get length(): number {
    return this.#at - this.#start;
  }

  begin(kind: FrameKind): this {
    if (this.#keepsFrames) this.#start += maxMessageHeaderBytes;
    else this.#start = 0;
    this.#at = this.#start;
    return this.u8(frameVersion).u8(frameKinds[kind]);
  }

  /** @returns the frame; of a `scratch` writer valid until the next `begin`. */
  end(): Buffer {
    this.u32(crc32(this.#bytes.subarray(this.#start, this.#at)));
    const frame = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return frame;
  }

  /**
   * As {@link end}, of a `slab` writer.
   *
   * @returns also the message that carries the frame, in one piece, so that each reader costs one write and no copy.
   */
  endMessage(): { readonly frame: Buffer; readonly message: Buffer } {
    const frame = this.end();
    return { frame, message: messageOf(frame) };
  }

  u8(value: number): this {
    this.#at = this.#room(1).writeUInt8(value, this.#at);
    return this;
  }

  u16(value: number): this {
    this.#at = this.#room(2).writeUInt16BE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#at = this.#room(4).writeUInt32BE(value, this.#at);
    return this;
  }

  /** A whole number up to 2^53 in eight bytes. A `bigint` would be an allocation. */
  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
  }

  /** Milliseconds as a double; `undefined` is written as 0. */
  time(valueMs: number | undefined): this {
    this.#at = this.#room(8).writeDoubleBE(valueMs ?? 0, this.#at);
    return this;
  }

  /** Exactly `bytes` bytes from hex digits; zeros when there are none. */
  hex(digits: string | undefined, bytes: number): this {
    const buffer = this.#room(bytes).fill(0, this.#at, this.#at + bytes);
    if (digits !== undefined) buffer.write(digits, this.#at, bytes, 'hex');
    this.#at += bytes;
    return this;
  }

  /** UTF-8, without its length. */
  text(value: string, encoding: 'utf8' | 'base64url' = 'utf8'): this {
    const bytes = Buffer.byteLength(value, encoding);
    // A statement of its own, because `#room` may move the frame, and `+=` would add to the place before that.
    const buffer = this.#room(bytes);
    this.#at += buffer.write(value, this.#at, bytes, encoding);
    return this;
  }

  #room(bytes: number): Buffer {
    const needed = this.#at + bytes + frameChecksumBytes;
    if (needed <= this.#bytes.byteLength) return this.#bytes;
    const size = Math.max(this.#keepsFrames ? slabBytes : firstBytes, 2 * (needed - this.#start));
    const start = this.#keepsFrames ? maxMessageHeaderBytes : 0;
    const larger = Buffer.allocUnsafeSlow(start + size);
    // With nothing written yet, the start may lie behind the end of the memory, where a copy would throw.
    if (this.#at > this.#start) this.#bytes.copy(larger, start, this.#start, this.#at);
    this.#at += start - this.#start;
    this.#start = start;
    this.#bytes = larger;
    return larger;
  }
}
