import type { EncodedChanges } from '../wire/frames/changes.ts';

/**
 * The recent past of a feed: frames of consecutive changes. Readers resume from it and catch up by it; one that was away
 * longer takes a snapshot.
 */
export class Journal {
  readonly #capacity: number;
  readonly #frames: EncodedChanges[] = [];
  #n = 0;

  /** @param capacity changes kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of the last change. */
  get n(): number {
    return this.#n;
  }

  add(frame: EncodedChanges): void {
    if (frame.first > this.#n + 1) this.skipTo(frame.first - 1);
    this.#n = frame.last;
    this.#frames.push(frame);
    while (this.#frames.length > 1 && this.#n - this.#frames[0]!.last >= this.#capacity) this.#frames.shift();
  }

  /** The changes up to `n` are lost: a reader that lacks one of them cannot continue from this journal. */
  skipTo(n: number): void {
    this.#frames.length = 0;
    this.#n = n;
  }

  /** Whether everything after `n` is there. */
  covers(n: number): boolean {
    const firstKept = this.#frames[0]?.first ?? this.#n + 1;
    return n <= this.#n && n + 1 >= firstKept;
  }

  /** The frame that holds change `n` + 1; undefined when that is not there, or not there any more. */
  after(n: number): EncodedChanges | undefined {
    if (n >= this.#n || !this.covers(n)) return undefined;
    // Readers that are up to date ask for the newest.
    const newest = this.#frames[this.#frames.length - 1];
    if (newest !== undefined && newest.first <= n + 1) return newest;
    let [low, high] = [0, this.#frames.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#frames[middle]!.last > n) high = middle;
      else low = middle + 1;
    }
    return this.#frames[low];
  }
}
