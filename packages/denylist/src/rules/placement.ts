import { randomFillSync } from 'node:crypto';

let drawnKey: Int32Array | undefined;

/** Twelve numbers for the life of the process. Nothing depends on them except where a rule lies in memory. */
function placementKey(): Int32Array {
  drawnKey ??= randomFillSync(new Int32Array(12));
  return drawnKey;
}

/**
 * Where a table of this process places a digest: 32 bits. A writer chooses digests; without a secret number it could
 * choose thousands with the same place, and the table would search through all of them at every insertion.
 *
 * Each word is multiplied twice by odd numbers of the key. Between them its upper half is folded into the lower one:
 * one product alone leaves a difference in the highest bits where it is, with any key.
 *
 * @param words contain a digest at `at`.
 */
export function placeOf(words: Uint32Array, at: number): number {
  const key = placementKey();
  let sum = 0;
  for (let word = 0; word < 4; word++) {
    const product = Math.imul(words[at + word]! ^ key[word]!, key[4 + word]! | 1);
    sum = (sum + Math.imul(product ^ (product >>> 16), key[8 + word]! | 1)) | 0;
  }
  return (sum ^ (sum >>> 15)) >>> 0;
}

/** The place of each row, whose digest is its first four words. One loop: a call for each of a million rows takes longer. */
export function placesOf(rows: Uint32Array, rowWords: number, into: Uint32Array): void {
  const key = placementKey();
  const [a, b, c, d] = [key[0]!, key[1]!, key[2]!, key[3]!];
  const [a1, b1, c1, d1] = [key[4]! | 1, key[5]! | 1, key[6]! | 1, key[7]! | 1];
  const [a2, b2, c2, d2] = [key[8]! | 1, key[9]! | 1, key[10]! | 1, key[11]! | 1];
  for (let at = 0, row = 0; at < rows.length; at += rowWords, row++) {
    const first = Math.imul(rows[at]! ^ a, a1);
    const second = Math.imul(rows[at + 1]! ^ b, b1);
    const third = Math.imul(rows[at + 2]! ^ c, c1);
    const fourth = Math.imul(rows[at + 3]! ^ d, d1);
    let sum = Math.imul(first ^ (first >>> 16), a2);
    sum = (sum + Math.imul(second ^ (second >>> 16), b2)) | 0;
    sum = (sum + Math.imul(third ^ (third >>> 16), c2)) | 0;
    sum = (sum + Math.imul(fourth ^ (fourth >>> 16), d2)) | 0;
    into[row] = (sum ^ (sum >>> 15)) >>> 0;
  }
}
