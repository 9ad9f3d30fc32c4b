import { type Rule, withoutImpossibleLift } from '../rules/rule.ts';

// A row has the same 32 bytes in a snapshot, in memory, and as field and value in Redis:
// digest (16), deniedUntil, issuedUpTo, denialStamp, liftedUpTo (4 each), all big-endian.
export const rowBytes = 32;
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

/** All rows at one moment. Later writes do not change it. */
export interface TableSnapshot {
  readonly rows: number;
  /** The rows as words (the digest, then the four numbers), a few thousand rows per chunk. */
  chunks(): Iterable<Uint32Array>;
}

/** The bytes of rows on every wire. */
export function bytesOfRows(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = viewOf(bytes);
  for (let index = 0; index < words.length; index++) view.setUint32(index * 4, words[index]!);
  return bytes;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
