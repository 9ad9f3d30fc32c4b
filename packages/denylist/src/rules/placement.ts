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
