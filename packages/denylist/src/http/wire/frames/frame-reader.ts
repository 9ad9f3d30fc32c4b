import { FrameError, frameChecksumBytes, frameHeaderBytes } from './frame.ts';

/** Reads the fields of a frame whose checksum holds. Every method throws {@link FrameError} `malformed` beyond its end. */
export class FrameReader {
  readonly #frame: Buffer;
  readonly #end: number;
  #at = frameHeaderBytes;

  constructor(frame: Buffer) {
    this.#frame = frame;
    this.#end = frame.byteLength - frameChecksumBytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#frame.readUInt8(this.skip(1));
  }

  u16(): number {
    return this.#frame.readUInt16BE(this.skip(2));
  }

  u32(): number {
    return this.#frame.readUInt32BE(this.skip(4));
  }

  u64(): number {
    const value = this.u32() * 2 ** 32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new FrameError('malformed', 'expected a number below 2^53');
    return value;
  }

  /** Milliseconds; 0 is read as `undefined`. */
  time(): number | undefined {
    const value = this.#frame.readDoubleBE(this.skip(8));
    if (!(value >= 0 && value < 2 ** 53)) throw new FrameError('malformed', 'expected a time from 0 to 2^53 ms');
    return value === 0 ? undefined : value;
  }

  /** Lower-case hex digits of `bytes` bytes; `undefined` when all are zero. */
  hex(bytes: number): string | undefined {
    const digits = this.text(bytes, 'hex');
    return /^0*$/.test(digits) ? undefined : digits;
  }

  text(bytes: number, encoding: 'utf8' | 'hex' | 'base64url' = 'utf8'): string {
    const at = this.skip(bytes);
    return this.#frame.toString(encoding, at, at + bytes);
  }

  /** @returns where the skipped bytes begin. */
  skip(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#end) throw new FrameError('malformed', 'a frame ends in the middle of a field');
    this.#at = at + bytes;
    return at;
  }
}
