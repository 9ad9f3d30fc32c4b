import { crc32 } from 'node:zlib';
import { digestScheme } from '../rules/digest.ts';
import { bytesOfRows, type RowPicture, viewOf } from './rows.ts';

// A sidecar's snapshot, all numbers big-endian:
//
//   0  "RVCS"                     8  feed (8 bytes)             32  maxTokenLifetime (u32, seconds)
//   4  version (u8)              16  n (u64)                    36  reserved (4)
//   5  digest scheme (u8)        24  epoch of the log (8)       40  rows (u32), then reserved (4)
//   6  reserved (u16)                                           48  rows of 32 bytes, then CRC-32 of all before (u32)

export const snapshotVersion = 1;
export const snapshotHeaderBytes = 48;
const magic = 0x52564353; // "RVCS"

export interface SnapshotHeader {
  /** 16 hex digits, new with every start of the sidecar. */
  readonly feed: string;
  /** Number of the last change the rows contain. */
  readonly n: number;
  /** 16 hex digits. */
  readonly epoch: string;
  readonly maxTokenLifetimeSeconds: number;
  readonly rows: number;
}

/** The head of a snapshot, its rows piece by piece, then the checksum. Lazy, so that a slow reader holds one piece. */
export function* encodeSnapshot(header: Omit<SnapshotHeader, 'rows'>, picture: RowPicture): Generator<Uint8Array> {
  const head = new Uint8Array(snapshotHeaderBytes);
  const view = viewOf(head);
  view.setUint32(0, magic);
  view.setUint8(4, snapshotVersion);
  view.setUint8(5, digestScheme);
  head.set(Buffer.from(header.feed, 'hex'), 8);
  view.setBigUint64(16, BigInt(header.n));
  head.set(Buffer.from(header.epoch, 'hex'), 24);
  view.setUint32(32, header.maxTokenLifetimeSeconds);
  view.setUint32(40, picture.rows);
  let checksum = crc32(head);
  yield head;
  for (const words of picture.pieces()) {
    const piece = bytesOfRows(words);
    checksum = crc32(piece, checksum);
    yield piece;
  }
  const tail = new Uint8Array(4);
  viewOf(tail).setUint32(0, checksum);
  yield tail;
}

/** @returns what is wrong, in words for a log line, when this is no snapshot of a version we read. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader | string {
  if (bytes.byteLength < snapshotHeaderBytes) return `expected ${snapshotHeaderBytes} header bytes`;
  const view = viewOf(bytes);
  if (view.getUint32(0) !== magic) return 'not a snapshot';
  if (view.getUint8(4) !== snapshotVersion)
    return `snapshot version ${view.getUint8(4)}, this reads ${snapshotVersion}`;
  if (view.getUint8(5) !== digestScheme) return `digest scheme ${view.getUint8(5)}, this reads ${digestScheme}`;
  return {
    feed: Buffer.from(bytes.subarray(8, 16)).toString('hex'),
    n: Number(view.getBigUint64(16)),
    epoch: Buffer.from(bytes.subarray(24, 32)).toString('hex'),
    maxTokenLifetimeSeconds: view.getUint32(32),
    rows: view.getUint32(40),
  };
}
