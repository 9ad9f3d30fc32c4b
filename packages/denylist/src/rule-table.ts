import type { Digest } from './digest.ts';
import type { Rule } from './rule.ts';

// A slot is eight words: four of digest, then deniedUntil, issuedUpTo, stamp, lifted. A digest of all zeros (2^-128)
// would read as an empty slot, so emptiness is told by the numbers: a stored rule is never all zero.
const slotWords = 8;
const firstNumber = 4;
const smallestSegment = 8;
const highestLoad = 0.85;
const growth = 1.4;
const rulesPerSegment = 1024;

interface Segment {
  words: Uint32Array;
  slots: number;
  used: number;
}

/**
 * An exact map from digest to rule in typed arrays: open addressing inside small segments, and linear hashing over the
 * segments. Growing splits or enlarges one segment of about a thousand rules at a time, so no insertion ever pauses
 * the process for a rehash of everything, and memory follows the number of rules closely at every size.
 *
 * Never an LRU: an evicted revocation is an accepted attacker.
 */
export class RuleTable {
  #segments: Segment[] = [newSegment(smallestSegment)];
  /** Linear hashing: segments below `#split` are already addressed with one bit more. */
  #mask = 0;
  #split = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of the arrays held. */
  get bytes(): number {
    return this.#segments.reduce((sum, { words }) => sum + words.byteLength, 0);
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  get(digest: Digest): Rule | undefined {
    const segment = this.#segmentOf(digest[0]!);
    const at = find(segment, digest[0]!, digest[1]!, digest[2]!, digest[3]!);
    return at < 0 ? undefined : ruleAt(segment.words, at);
  }

  /**
   * The request path: whether the four words at `offset` are held and deny. Allocates nothing.
   * Mirrors {@link denies} of rule.ts, over the slot instead of an object.
   */
  denies(digests: Uint32Array, offset: number, issuedAt: number, nowSeconds: number): boolean {
    const segment = this.#segmentOf(digests[offset]!);
    const at = find(segment, digests[offset]!, digests[offset + 1]!, digests[offset + 2]!, digests[offset + 3]!);
    if (at < 0) return false;
    const { words } = segment;
    if (issuedAt <= words[at + firstNumber + 1]!) return true;
    return words[at + firstNumber + 2]! > words[at + firstNumber + 3]! && nowSeconds < words[at + firstNumber]!;
  }

  /** Inserts or replaces. A rule of four zeros says nothing and is not stored. */
  set(digest: Digest, rule: Rule): void {
    if (rule.deniedUntil === 0 && rule.issuedUpTo === 0 && rule.stamp === 0 && rule.lifted === 0) return;
    const segment = this.#segmentOf(digest[0]!);
    const at = find(segment, digest[0]!, digest[1]!, digest[2]!, digest[3]!);
    if (at >= 0) {
      writeNumbers(segment.words, at, rule);
      return;
    }
    if (segment.used + 1 > segment.slots * highestLoad) resize(segment, Math.ceil(segment.slots * growth) + 1);
    const free = -1 - find(segment, digest[0]!, digest[1]!, digest[2]!, digest[3]!);
    segment.words.set(digest.subarray(0, 4), free);
    writeNumbers(segment.words, free, rule);
    segment.used += 1;
    this.#size += 1;
    if (this.#size > this.#segments.length * rulesPerSegment) this.#splitOne();
  }

  /**
   * Removes the rules of one segment for which `drop` says so; a sweep visits the segments in slices.
   *
   * @returns how many were removed.
   */
  sweep(segmentIndex: number, drop: (rule: Rule) => boolean): number {
    const segment = this.#segments[segmentIndex];
    if (segment === undefined) return 0;
    const kept: number[] = [];
    for (const at of occupied(segment)) if (!drop(ruleAt(segment.words, at))) kept.push(at);
    const removed = segment.used - kept.length;
    if (removed === 0) return 0;
    rebuild(segment, kept, Math.max(smallestSegment, Math.ceil(kept.length / highestLoad) + 1));
    this.#size -= removed;
    return removed;
  }

  /** Copies every row into one array of words (digest, then the four numbers): one synchronous picture. */
  copyRows(): Uint32Array {
    const rows = new Uint32Array(this.#size * slotWords);
    let next = 0;
    for (const segment of this.#segments) {
      for (const at of occupied(segment)) {
        rows.set(segment.words.subarray(at, at + slotWords), next);
        next += slotWords;
      }
    }
    return rows;
  }

  /** Visits every rule. The digest handed out is a view: copy it to keep it. Do not write meanwhile. */
  *entries(): Generator<[Digest, Rule]> {
    for (const segment of this.#segments) {
      for (const at of occupied(segment)) yield [segment.words.subarray(at, at + 4), ruleAt(segment.words, at)];
    }
  }

  #segmentOf(firstWord: number): Segment {
    const short = firstWord & this.#mask;
    const index = short < this.#split ? firstWord & (this.#mask * 2 + 1) : short;
    return this.#segments[index]!;
  }

  #splitOne(): void {
    const source = this.#segments[this.#split]!;
    const bit = this.#mask + 1;
    const stay: number[] = [];
    const move: number[] = [];
    for (const at of occupied(source)) ((source.words[at]! & bit) === 0 ? stay : move).push(at);
    const target = newSegment(smallestSegment);
    this.#segments.push(target);
    const roomFor = (rules: number) => Math.max(smallestSegment, Math.ceil(rules / highestLoad) + 1);
    const words = source.words;
    target.words = new Uint32Array(roomFor(move.length) * slotWords);
    target.slots = roomFor(move.length);
    for (const at of move) insertSlot(target, words.subarray(at, at + slotWords));
    rebuild(source, stay, roomFor(stay.length));
    this.#split += 1;
    if (this.#split > this.#mask) {
      this.#mask = this.#mask * 2 + 1;
      this.#split = 0;
    }
  }
}

function newSegment(slots: number): Segment {
  return { words: new Uint32Array(slots * slotWords), slots, used: 0 };
}

/** Word offset of the digest's slot, or `-1 - offset` of the free slot where it belongs. */
function find({ words, slots }: Segment, a: number, b: number, c: number, d: number): number {
  // The second word places within the segment (the first chose the segment); scaled, because sizes are no powers of two.
  let at = Math.floor((b / 0x1_0000_0000) * slots) * slotWords;
  const end = words.length;
  for (;;) {
    if (isEmpty(words, at)) return -1 - at;
    if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    at += slotWords;
    if (at === end) at = 0;
  }
}

function isEmpty(words: Uint32Array, at: number): boolean {
  return (words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!) === 0;
}

function* occupied({ words }: Segment): Generator<number> {
  for (let at = 0; at < words.length; at += slotWords) if (!isEmpty(words, at)) yield at;
}

function ruleAt(words: Uint32Array, at: number): Rule {
  return {
    deniedUntil: words[at + firstNumber]!,
    issuedUpTo: words[at + firstNumber + 1]!,
    stamp: words[at + firstNumber + 2]!,
    lifted: words[at + firstNumber + 3]!,
  };
}

function writeNumbers(words: Uint32Array, at: number, rule: Rule): void {
  words[at + firstNumber] = rule.deniedUntil;
  words[at + firstNumber + 1] = rule.issuedUpTo;
  words[at + firstNumber + 2] = rule.stamp;
  words[at + firstNumber + 3] = rule.lifted;
}

function resize(segment: Segment, slots: number): void {
  rebuild(segment, [...occupied(segment)], slots);
}

/** Lays the rules at `offsets` into a new array; leaves no gaps that probing would stumble over. */
function rebuild(segment: Segment, offsets: readonly number[], slots: number): void {
  const old = segment.words;
  segment.words = new Uint32Array(slots * slotWords);
  segment.slots = slots;
  segment.used = 0;
  for (const at of offsets) insertSlot(segment, old.subarray(at, at + slotWords));
}

function insertSlot(segment: Segment, slot: Uint32Array): void {
  const at = -1 - find(segment, slot[0]!, slot[1]!, slot[2]!, slot[3]!);
  segment.words.set(slot, at);
  segment.used += 1;
}
