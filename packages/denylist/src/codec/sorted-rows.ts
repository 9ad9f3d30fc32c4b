import { placesOf } from '../rules/placement.ts';
import { copyRow, rowWords } from './rows.ts';

/** Rows of a bucket, on average: as many as a table keeps in one of its segments. */
const rowsPerBucket = 1024;
/** More buckets would not all have their next free place in the processor's cache. */
const mostBuckets = 8192;
/** A table takes over the memory of a bucket, and searches become long when less of it is free. */
const highestLoad = 0.85;
const growth = 1.4;
/**
 * Rows for which a bucket has room at first, in steps: all buckets begin in the same turn of the event loop, and they must not
 * all grow in the same later one.
 */
const firstRows = 8;
const firstSteps = 16;

/**
 * Rows in the order of their places ({@link placesOf}), up to the lowest bits, which name a bucket. They are sorted while they
 * arrive, when a process would otherwise wait. A table keeps the rules of one bucket together, so merging them finds
 * everything in the processor's cache; in the order of another process, each row would be a load from memory.
 *
 * Rows of one digest keep their order. Once some rows of a bucket have come, it is allocated for its share of the rows that
 * are expected.
 */
export class SortedRows {
  readonly #buckets: Uint32Array[];
  /** Words in use of each bucket. */
  readonly #used: Uint32Array;
  /** Words of a new bucket. */
  readonly #bucketWords: number;
  #places = new Uint32Array(0);

  /** @param expected about the number of rows. */
  constructor(expected: number) {
    const buckets = Math.min(2 ** Math.ceil(Math.log2(Math.max(1, expected / rowsPerBucket))), mostBuckets);
    const mean = expected / buckets;
    // Places are spread evenly: hardly any bucket has more rows than three standard deviations above the mean.
    this.#bucketWords = (Math.ceil((mean + 3 * Math.sqrt(mean)) / highestLoad) + 2) * rowWords;
    this.#used = new Uint32Array(buckets);
    this.#buckets = new Array<Uint32Array>(buckets).fill(new Uint32Array(0));
  }

  /** @param rows words ({@link ./rows.ts}); copied. */
  add(rows: Uint32Array): void {
    const buckets = this.#buckets;
    const used = this.#used;
    const mask = buckets.length - 1;
    const places = this.#placesOf(rows);
    for (let at = 0, row = 0; at < rows.length; at += rowWords, row++) {
      const bucket = places[row]! & mask;
      const to = used[bucket]!;
      let words = buckets[bucket]!;
      if (to === words.length) words = this.#grow(bucket);
      copyRow(rows, at, words, to);
      used[bucket] = to + rowWords;
    }
  }

  /** The rows, one bucket at a time. It is given up then: with its buffer it belongs to the caller. */
  *take(): Generator<Uint32Array> {
    const buckets = this.#buckets;
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      const rows = buckets[bucket]!.subarray(0, this.#used[bucket]);
      this.#used[bucket] = 0;
      buckets[bucket] = new Uint32Array(0);
      if (rows.length > 0) yield rows;
    }
  }

  #placesOf(rows: Uint32Array): Uint32Array {
    const count = rows.length / rowWords;
    if (this.#places.length < count) this.#places = new Uint32Array(count);
    placesOf(rows, rowWords, this.#places);
    return this.#places;
  }

  #grow(bucket: number): Uint32Array {
    const full = this.#buckets[bucket]!;
    const grown = Math.max(this.#bucketWords, Math.ceil((full.length / rowWords) * growth) * rowWords);
    const first = Math.min(firstRows * (1 + (bucket % firstSteps)) * rowWords, this.#bucketWords);
    const words = new Uint32Array(full.length === 0 ? first : grown);
    words.set(full);
    this.#buckets[bucket] = words;
    return words;
  }
}
