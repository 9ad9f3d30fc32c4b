import { placeOf } from '../rules/placement.ts';
import { rowBytes, toWire } from './rows.ts';

const rowWords = rowBytes / 4;
/** Rows of a bucket, on average: as many as a table keeps in one of its segments. */
const rowsPerBucket = 1024;
/** More buckets would not all have their next free place in the processor's cache. */
const mostBuckets = 8192;
/** Rows of a bucket before its first row comes: it doubles when they are used. */
const firstRows = 32;
/** At most by this factor, whatever number of rows is expected. */
const growth = 8;

/**
 * Rows in the order of their places ({@link placeOf}), up to the lowest bits that name a bucket. They are sorted while they
 * arrive, in a time in which a process would otherwise wait. A table keeps the rules of one bucket together, so merging
 * them finds everything in the processor's cache; in the order of another process, each row would be a load from memory.
 *
 * Rows of one digest keep their order. Memory grows with the rows that were added, not with the number that is expected.
 */
export class SortedRows {
  readonly #buckets: Uint32Array[];
  /** Words in use of each bucket. */
  readonly #used: Uint32Array;

  /** Of a bucket. Places are spread evenly: few buckets have more rows than three standard deviations above the mean. */
  readonly #expectedWords: number;

  /** @param expected about the number of rows. */
  constructor(expected: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, expected / rowsPerBucket)));
    const count = Math.min(buckets, mostBuckets);
    const mean = expected / count;
    this.#expectedWords = Math.ceil(mean + 3 * Math.sqrt(mean)) * rowWords;
    this.#used = new Uint32Array(count);
    this.#buckets = Array.from({ length: count }, () => new Uint32Array(0));
  }

  /** @param rows words; copied. */
  add(rows: Uint32Array): void {
    const buckets = this.#buckets;
    const used = this.#used;
    const mask = buckets.length - 1;
    for (let at = 0; at < rows.length; at += rowWords) {
      const bucket = placeOf(rows, at) & mask;
      const to = used[bucket]!;
      let words = buckets[bucket]!;
      if (to === words.length) words = this.#grow(bucket);
      for (let word = 0; word < rowWords; word++) words[to + word] = rows[at + word]!;
      used[bucket] = to + rowWords;
    }
  }

  /** The rows as bytes ({@link ./rows.ts}), one bucket at a time, which is given up then. */
  *take(): Generator<Uint8Array> {
    for (const [bucket, words] of this.#buckets.entries()) {
      const used = this.#used[bucket]!;
      this.#used[bucket] = 0;
      this.#buckets[bucket] = new Uint32Array(0);
      if (used > 0) yield toWire(words.subarray(0, used));
    }
  }

  #grow(bucket: number): Uint32Array {
    const full = this.#buckets[bucket]!;
    const words = new Uint32Array(
      Math.max(firstRows * rowWords, Math.min(full.length * growth, Math.max(this.#expectedWords, full.length * 2))),
    );
    words.set(full);
    this.#buckets[bucket] = words;
    return words;
  }
}
