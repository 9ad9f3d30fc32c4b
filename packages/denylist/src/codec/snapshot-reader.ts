import { crc32 } from 'node:zlib';
import { rowBytes, viewOf } from './rows.ts';
import { decodeSnapshotHeader, type SnapshotHeader, snapshotHeaderBytes } from './snapshot.ts';

/** Rows of a page: about a millisecond of work for whoever applies it. */
const pageRows = 2048;
const checksumBytes = 4;

export interface DecodedSnapshot {
  readonly header: SnapshotHeader;
  /** The rows ({@link ./rows.ts}), a few thousand a page. */
  readonly pages: readonly Uint8Array[];
}

/**
 * Reads a snapshot as it arrives. Nothing is handed out before the checksum holds: a flipped bit could deny somebody for
 * ever. Memory grows with what has arrived, never with what a header claims.
 */
export class SnapshotReader {
  readonly #head = new Uint8Array(snapshotHeaderBytes);
  readonly #tail = new Uint8Array(checksumBytes);
  readonly #pages: Uint8Array[] = [];
  #header: SnapshotHeader | undefined;
  #problem: string | undefined;
  #checksum = 0;
  #bytes = 0;
  /** Bytes of rows still to come once the header is known. */
  #due = 0;
  /** Filled bytes of the last page. */
  #filled = 0;

  /** What is wrong, in words for a log line, once it cannot become right any more. */
  get problem(): string | undefined {
    return this.#problem;
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength && this.#problem === undefined; ) at += this.#take(chunk.subarray(at));
  }

  /** @returns what is wrong when what came is no whole snapshot of a version we read. */
  end(): DecodedSnapshot | string {
    if (this.#problem !== undefined) return this.#problem;
    if (this.#header === undefined) return `expected ${snapshotHeaderBytes} header bytes`;
    const expected = snapshotHeaderBytes + this.#header.rows * rowBytes + checksumBytes;
    if (this.#bytes !== expected) return `expected ${expected} bytes, found ${this.#bytes}`;
    if (this.#checksum !== viewOf(this.#tail).getUint32(0)) return 'the checksum does not match';
    return { header: this.#header, pages: this.#pages };
  }

  /** Takes what belongs together from the front. @returns how many bytes that were. */
  #take(bytes: Uint8Array): number {
    if (this.#header === undefined) return this.#takeHead(bytes);
    if (this.#due > 0) return this.#takeRows(bytes);
    const at = this.#bytes - snapshotHeaderBytes - this.#header.rows * rowBytes;
    const taken = this.#copy(bytes, this.#tail, at);
    if (taken === 0) this.#problem = 'expected the end, found more bytes';
    return taken;
  }

  #takeHead(bytes: Uint8Array): number {
    const taken = this.#copy(bytes, this.#head, this.#bytes);
    if (this.#bytes < snapshotHeaderBytes) return taken;
    const header = decodeSnapshotHeader(this.#head);
    if (typeof header === 'string') this.#problem = header;
    else {
      this.#header = header;
      this.#due = header.rows * rowBytes;
      this.#checksum = crc32(this.#head);
    }
    return taken;
  }

  #takeRows(bytes: Uint8Array): number {
    let page = this.#pages.at(-1);
    if (page === undefined || this.#filled === page.byteLength) {
      page = new Uint8Array(Math.min(this.#due, pageRows * rowBytes));
      this.#pages.push(page);
      this.#filled = 0;
    }
    const taken = this.#copy(bytes, page, this.#filled);
    this.#checksum = crc32(bytes.subarray(0, taken), this.#checksum);
    this.#filled += taken;
    this.#due -= taken;
    return taken;
  }

  #copy(from: Uint8Array, to: Uint8Array, at: number): number {
    const taken = Math.min(from.byteLength, to.byteLength - at);
    to.set(from.subarray(0, taken), at);
    this.#bytes += taken;
    return taken;
  }
}
