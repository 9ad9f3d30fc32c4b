import { type Rule, withoutImpossibleLift } from '../rules/rule.ts';

// A row has the same 32 bytes in a snapshot, in memory, and as field and value in Redis:
// digest (16), deniedUntil, issuedUpTo, denialStamp, liftedUpTo (4 each), all big-endian.
export const rowBytes = 32;
export const rowWords = rowBytes / 4;
export const ruleBytes = 16;

export function readRule(view: DataView, offset: number): Rule {
  return withoutImpossibleLift({
    deniedUntil: view.getUint32(offset),
    issuedUpTo: view.getUint32(offset + 4),
    denialStamp: view.getUint32(offset + 8),
    liftedUpTo: view.getUint32(offset + 12),
  });
}

export function writeRule(view: DataView, offset: number, rule: Rule): void {
  view.setUint32(offset, rule.deniedUntil);
  view.setUint32(offset + 4, rule.issuedUpTo);
  view.setUint32(offset + 8, rule.denialStamp);
  view.setUint32(offset + 12, rule.liftedUpTo);
}

/** Word by word: the methods of typed arrays cost more than these eight assignments, and so does a loop until it is optimized. */
export function copyRow(from: Uint32Array, at: number, to: Uint32Array, toAt: number): void {
  to[toAt] = from[at]!;
  to[toAt + 1] = from[at + 1]!;
  to[toAt + 2] = from[at + 2]!;
  to[toAt + 3] = from[at + 3]!;
  to[toAt + 4] = from[at + 4]!;
  to[toAt + 5] = from[at + 5]!;
  to[toAt + 6] = from[at + 6]!;
  to[toAt + 7] = from[at + 7]!;
}

/** All rows at one moment. Later writes do not change it. */
export interface TableSnapshot {
  readonly rows: number;
  /** The rows as words (the digest, then the four numbers), a few thousand rows per chunk. */
  chunks(): Iterable<Uint32Array>;
}

/** The bytes of rows on every wire. */
export function bytesOfRows(words: Uint32Array): Uint8Array {
  return inOtherOrder(new Uint8Array(words.slice().buffer));
}

/** The words of whole rows; what follows the last one is ignored. Copied: the bytes may begin at any address. */
export function wordsOfRows(bytes: Uint8Array): Uint32Array {
  return fromWire(new Uint8Array(bytes.subarray(0, bytes.byteLength - (bytes.byteLength % rowBytes))));
}

/** The same without a copy: the bytes, which begin at the address of a word, become these words. */
export function fromWire(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, byteLength } = inOtherOrder(bytes);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Words of this processor become those of the wire, or the reverse. A native method takes a tenth of the time of a loop. */
function inOtherOrder(bytes: Uint8Array): Uint8Array {
  if (isLittleEndian) Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32();
  return bytes;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
