import { crc32 } from 'node:zlib';
import { digestScheme } from '../rules/digest.ts';
import { bytesOfRows, rowBytes, type TableSnapshot, viewOf } from './rows.ts';

// A sidecar's snapshot, all numbers big-endian:
//
//   0  "RVCS"                     8  feed (8 bytes)             32  maxTokenLifetime (u32, seconds)
//   4  version (u8)              16  n (u64)                    36  skew (u32, seconds)
//   5  digest scheme (u8)        24  epoch of the log (8)       40  rows (u32), then reserved (4)
//   6  reserved (u16)                                           48  rows of 32 bytes, then CRC-32 of all before (u32)

export const snapshotVersion = 1;
export const snapshotHeaderBytes = 48;
const magic = 0x52564353; // "RVCS"
const checksumBytes = 4;

/** The length of a snapshot with so many rows. */
export function snapshotBytes(rows: number): number {
  return snapshotHeaderBytes + rows * rowBytes + checksumBytes;
}

export interface SnapshotHeader {
  /** 16 hex digits, new with every start of the sidecar. */
  readonly feed: string;
  /** Number of the last change that the rows contain. */
  readonly n: number;
  /** 16 hex digits. */
  readonly epoch: string;
  readonly maxTokenLifetimeSeconds: number;
  /** Undefined from a sidecar of the last release. */
  readonly cutoffSkewSeconds?: number;
  readonly rows: number;
}

/** The header, the rows in chunks, the checksum. Lazy, so that a slow receiver keeps one chunk in memory. */
export function* encodeSnapshot(header: Omit<SnapshotHeader, 'rows'>, table: TableSnapshot): Generator<Uint8Array> {
  const head = new Uint8Array(snapshotHeaderBytes);
  const view = viewOf(head);
  view.setUint32(0, magic);
  view.setUint8(4, snapshotVersion);
  view.setUint8(5, digestScheme);
  head.set(Buffer.from(header.feed, 'hex'), 8);
  view.setBigUint64(16, BigInt(header.n));
  head.set(Buffer.from(header.epoch, 'hex'), 24);
  view.setUint32(32, header.maxTokenLifetimeSeconds);
  view.setUint32(36, header.cutoffSkewSeconds ?? 0);
  view.setUint32(40, table.rows);
  let checksum = crc32(head);
  yield head;
  for (const words of table.chunks()) {
    const chunk = bytesOfRows(words);
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  const tail = new Uint8Array(checksumBytes);
  viewOf(tail).setUint32(0, checksum);
  yield tail;
}

/**
 * @param bytes at least {@link snapshotHeaderBytes}.
 * @returns what is wrong, for a log line, when this is not a snapshot of the version that is read.
 */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader | string {
  const view = viewOf(bytes);
  if (view.getUint32(0) !== magic) return 'not a snapshot';
  const [version, scheme] = [view.getUint8(4), view.getUint8(5)];
  if (version !== snapshotVersion) return `expected snapshot version ${snapshotVersion}, found ${version}`;
  if (scheme !== digestScheme) return `expected digest scheme ${digestScheme}, found ${scheme}`;
  return {
    feed: Buffer.from(bytes.subarray(8, 16)).toString('hex'),
    n: Number(view.getBigUint64(16)),
    epoch: Buffer.from(bytes.subarray(24, 32)).toString('hex'),
    maxTokenLifetimeSeconds: view.getUint32(32),
    cutoffSkewSeconds: view.getUint32(36) || undefined,
    rows: view.getUint32(40),
  };
}
