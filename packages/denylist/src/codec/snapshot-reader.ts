import { crc32 } from 'node:zlib';
import { fromWire, rowBytes, viewOf } from './rows.ts';
import { decodeSnapshotHeader, type SnapshotHeader, snapshotHeaderBytes } from './snapshot.ts';
import { SortedRows } from './sorted-rows.ts';

/** Rows that are checked and sorted at a time. */
const pageRows = 2048;
const checksumBytes = 4;
/** The highest `maxRules` of a sidecar. A snapshot with more rows is refused before they are received. */
const mostRows = 100_000_000;

export interface DecodedSnapshot {
  readonly header: SnapshotHeader;
  /** The rows ({@link ./rows.ts}) in the order of {@link SortedRows}, about a thousand per page. They can be read once. */
  readonly pages: Iterable<Uint32Array>;
}

/**
 * Reads a snapshot while it arrives, and sorts its rows. They are available only after the checksum was compared: a flipped
 * bit could deny a token for ever. Memory grows with the bytes received, not with the size that the header claims; rows beyond
 * `maxRows`, for which the receiver has no room, are checked and not kept.
 */
export class SnapshotReader {
  #rows = new SortedRows(0);
  /** Number of rows in them. */
  #kept = 0;
  /** One page for all rows, as they are copied from it. */
  #page = new Uint8Array(0);
  readonly #maxRows: number;
  #header: SnapshotHeader | undefined;
  #problem: string | undefined;
  #checksum = 0;
  /** Bytes received. */
  #bytes = 0;
  /** The part that is being received: the header, then each page, then the checksum. */
  #part = new Uint8Array(snapshotHeaderBytes);
  #filled = 0;
  /** Bytes of rows that have not been received. */
  #due = 0;

  /** @param maxRows a page more is kept, so that the receiver notices that its room is not enough. */
  constructor(maxRows = mostRows) {
    this.#maxRows = maxRows;
  }

  /** What is wrong, for a log line, once no later byte can correct it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength && this.#problem === undefined; ) {
      const taken = chunk.subarray(at, at + this.#part.byteLength - this.#filled);
      if (taken.byteLength === 0) this.#problem = 'expected the end, found more bytes';
      this.#part.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      this.#bytes += taken.byteLength;
      at += taken.byteLength;
      if (this.#filled === this.#part.byteLength) this.#completePart();
    }
  }

  /** @returns what is wrong unless exactly one snapshot was received. */
  end(): DecodedSnapshot | string {
    if (this.#problem !== undefined) return this.#problem;
    if (this.#header === undefined) return `expected ${snapshotHeaderBytes} header bytes, found ${this.#bytes}`;
    const expected = snapshotHeaderBytes + this.#header.rows * rowBytes + checksumBytes;
    if (this.#bytes !== expected) return `expected ${expected} bytes, found ${this.#bytes}`;
    if (this.#checksum !== viewOf(this.#part).getUint32(0)) return 'the checksum does not match';
    return { header: this.#header, pages: this.#rows.take() };
  }

  /** Prepares the part after the one that is full. The checksum stays: nothing comes after it. */
  #completePart(): void {
    const part = this.#part;
    if (this.#header === undefined) {
      const header = decodeSnapshotHeader(part);
      if (typeof header === 'string') {
        this.#problem = header;
        return;
      }
      if (header.rows > mostRows) {
        this.#problem = `expected at most ${mostRows} rows, found ${header.rows}`;
        return;
      }
      this.#header = header;
      this.#due = header.rows * rowBytes;
      this.#page = new Uint8Array(Math.min(this.#due, pageRows * rowBytes));
      this.#rows = new SortedRows(Math.min(header.rows, this.#maxRows + pageRows));
      this.#checksum = crc32(part);
    } else if (this.#due > 0) {
      this.#checksum = crc32(part, this.#checksum);
      this.#due -= part.byteLength;
      this.#keep(part);
    } else return;
    this.#part = this.#due > 0 ? this.#page.subarray(0, this.#due) : new Uint8Array(checksumBytes);
    this.#filled = 0;
  }

  #keep(page: Uint8Array): void {
    if (this.#kept > this.#maxRows) return;
    this.#kept += page.byteLength / rowBytes;
    this.#rows.add(fromWire(page));
  }
}
