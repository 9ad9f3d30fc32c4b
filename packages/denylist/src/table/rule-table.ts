import { type RowPicture, readRule } from '../codec/rows.ts';
import type { Digest } from '../rules/digest.ts';
import { forgettableAt, type Rule } from '../rules/rule.ts';
import { BloomFilter } from './bloom-filter.ts';
import {
  find,
  firstNumber,
  insertSlot,
  isCrowded,
  isEmpty,
  largerThan,
  newSegment,
  occupied,
  own,
  piecesOf,
  rebuild,
  roomFor,
  ruleAt,
  type Segment,
  slotWords,
  smallestSegment,
  writeNumbers,
} from './rule-segment.ts';

const rulesPerSegment = 1024;
/** Bits of a small integer; no token carries as many digests. */
const candidatesAtOnce = 30;

/**
 * An exact map from digest to rule in typed arrays: open addressing inside small segments, and linear hashing over the
 * segments. Growing splits or enlarges one segment of about a thousand rules at a time, so no insertion ever pauses
 * the process for a rehash of everything, and memory follows the number of rules closely at every size.
 *
 * Never an LRU: an evicted revocation is an accepted attacker.
 */
export class RuleTable {
  #segments: Segment[] = [newSegment(0, smallestSegment)];
  readonly #filter = new BloomFilter();
  /** Linear hashing: segments below `#split` are already addressed with one bit more. */
  #mask = 0;
  #split = 0;
  #size = 0;
  /** Slots that a segment gets when it first grows; more than the least where many rules are expected. */
  #firstGrowth = smallestSegment;

  constructor() {
    this.#filter.clear(0);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the arrays held. */
  get bytes(): number {
    return this.#segments.reduce((sum, { words }) => sum + words.byteLength, this.#filter.bytes);
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /**
   * Makes room in an empty table for about so many rules, so that a first snapshot is laid out once instead of growing
   * with every page. Does nothing when rules are held.
   */
  reserve(rules: number): void {
    if (this.#size > 0 || rules <= this.#segments.length * rulesPerSegment) return;
    const segments = 2 ** Math.ceil(Math.log2(rules / rulesPerSegment));
    for (let index = this.#segments.length; index < segments; index++) {
      this.#segments.push(newSegment(index, smallestSegment));
      this.#filter.clear(index);
    }
    this.#mask = segments - 1;
    this.#split = 0;
    const expected = rules / segments;
    // Three standard deviations of how evenly digests fall: hardly any segment grows a second time.
    this.#firstGrowth = roomFor(expected + 3 * Math.sqrt(expected));
  }

  get(digest: Digest): Rule | undefined {
    const segment = this.#segmentOf(digest[0]!);
    const at = find(segment, digest[0]!, digest[1]!, digest[2]!, digest[3]!);
    return at < 0 ? undefined : ruleAt(segment.words, at);
  }

  /**
   * The request path: which of the digests that lie in a row in `digests` is the first that is held and denies; -1 when
   * none does. Allocates nothing.
   */
  denyingIndex(digests: Uint32Array, issuedAt: number, nowSeconds: number): number {
    const digestCount = digests.length / 4;
    for (let from = 0; from < digestCount; from += candidatesAtOnce) {
      for (let left = this.#candidates(digests, from); left !== 0; left &= left - 1) {
        const index = from + 31 - Math.clz32(left & -left);
        if (this.#denies(digests, index * 4, issuedAt, nowSeconds)) return index;
      }
    }
    return -1;
  }

  /** Inserts or replaces. A rule of four zeros says nothing and is not stored. */
  set(digest: Digest, rule: Rule): void {
    if (saysNothing(rule)) return;
    const segment = this.#segmentOf(digest[0]!);
    const at = find(segment, digest[0]!, digest[1]!, digest[2]!, digest[3]!);
    // Whatever the longest lifetime is, none is shorter than nothing.
    segment.nextExpiry = Math.min(segment.nextExpiry, forgettableAt(rule, 0));
    if (at >= 0) {
      own(segment);
      writeNumbers(segment.words, at, rule);
      return;
    }
    const slot = this.#claim(segment, digest[0]!, digest[1]!, digest[2]!, digest[3]!);
    writeNumbers(segment.words, slot, rule);
    this.#settle(segment);
  }

  /**
   * The cold start: stores a row ({@link ./codec/rows.ts}) whose digest is not held yet, without an object in between.
   *
   * @returns false, and stores nothing, when the digest is held (then the two must be merged) or the row says nothing.
   */
  insertRow(row: DataView, at: number): boolean {
    const a = row.getUint32(at);
    const b = row.getUint32(at + 4);
    const c = row.getUint32(at + 8);
    const d = row.getUint32(at + 12);
    const segment = this.#segmentOf(a);
    if (find(segment, a, b, c, d) >= 0) return false;
    const rule = readRule(row, at + 16);
    if (saysNothing(rule)) return false;
    segment.nextExpiry = Math.min(segment.nextExpiry, forgettableAt(rule, 0));
    const slot = this.#claim(segment, a, b, c, d);
    writeNumbers(segment.words, slot, rule);
    this.#settle(segment);
    return true;
  }

  /**
   * Removes the rules of one segment that may be forgotten; a sweep visits the segments in slices. One that holds
   * nothing to forget yet is not looked at: reading ten million rules a minute would push all else out of the
   * processor's caches. So a longest lifetime that was lowered may be felt late: what it ends is kept for too long, and
   * never forgotten too early.
   *
   * @returns how many were removed.
   */
  sweep(segmentIndex: number, nowSeconds: number, maxTokenLifetimeSeconds: number): number {
    const segment = this.#segments[segmentIndex];
    if (segment === undefined || nowSeconds < segment.nextExpiry) return 0;
    const { words, used } = segment;
    const endOf = (at: number) => forgettableAt(ruleAt(words, at), maxTokenLifetimeSeconds);
    let [kept, restsUntil] = [0, Number.POSITIVE_INFINITY];
    for (let at = 0; at < words.length; at += slotWords) {
      if (isEmpty(words, at)) continue;
      const end = endOf(at);
      if (end <= nowSeconds) continue;
      kept += 1;
      restsUntil = Math.min(restsUntil, end);
    }
    segment.nextExpiry = restsUntil;
    const removed = used - kept;
    if (removed === 0) return 0;
    rebuild(segment, roomFor(kept), (at) => endOf(at) > nowSeconds);
    this.#noteAll(segment);
    this.#size -= removed;
    return removed;
  }

  /**
   * Every row at this moment. Nothing is copied now, however many there are: a segment that is written to while
   * somebody may still read it is copied first.
   */
  snapshot(): RowPicture {
    const held = this.#segments.map((segment) => {
      segment.pictured = true;
      return segment.words;
    });
    const rows = this.#size;
    return { rows, pieces: () => piecesOf(held, rows) };
  }

  /** Visits every rule. The digest handed out is a view: copy it to keep it. Do not write meanwhile. */
  *entries(): Generator<[Digest, Rule]> {
    for (const segment of this.#segments) {
      for (const at of occupied(segment)) yield [segment.words.subarray(at, at + 4), ruleAt(segment.words, at)];
    }
  }

  /** A bit for each of the digests that may be held. Decides nothing on the way: the processor looks for all at once. */
  #candidates(digests: Uint32Array, from: number): number {
    const count = Math.min(digests.length / 4 - from, candidatesAtOnce);
    let found = 0;
    for (let index = 0; index < count; index++) {
      const at = (from + index) * 4;
      found |= this.#filter.mayHold(this.#indexOf(digests[at]!), digests[at + 2]!) << index;
    }
    return found;
  }

  /** Mirrors {@link denies} of rule.ts, over the slot instead of an object. */
  #denies(digests: Uint32Array, offset: number, issuedAt: number, nowSeconds: number): boolean {
    const segment = this.#segmentOf(digests[offset]!);
    const at = find(segment, digests[offset]!, digests[offset + 1]!, digests[offset + 2]!, digests[offset + 3]!);
    if (at < 0) return false;
    const { words } = segment;
    if (issuedAt <= words[at + firstNumber + 1]!) return true;
    return words[at + firstNumber + 2]! > words[at + firstNumber + 3]! && nowSeconds < words[at + firstNumber]!;
  }

  /** Writes a new digest into a free slot, making room first. The caller writes the numbers, then settles. */
  #claim(segment: Segment, a: number, b: number, c: number, d: number): number {
    if (isCrowded(segment)) rebuild(segment, Math.max(this.#firstGrowth, largerThan(segment.slots)));
    own(segment);
    this.#filter.note(segment.index, c);
    const slot = -1 - find(segment, a, b, c, d);
    const { words } = segment;
    words[slot] = a;
    words[slot + 1] = b;
    words[slot + 2] = c;
    words[slot + 3] = d;
    return slot;
  }

  #settle(segment: Segment): void {
    segment.used += 1;
    this.#size += 1;
    if (this.#size > this.#segments.length * rulesPerSegment) this.#splitOne();
  }

  #segmentOf(firstWord: number): Segment {
    return this.#segments[this.#indexOf(firstWord)]!;
  }

  #indexOf(firstWord: number): number {
    const short = firstWord & this.#mask;
    return short < this.#split ? firstWord & (this.#mask * 2 + 1) : short;
  }

  #noteAll(segment: Segment): void {
    const { index, words } = segment;
    this.#filter.clear(index);
    for (let at = 0; at < words.length; at += slotWords) {
      if (!isEmpty(words, at)) this.#filter.note(index, words[at + 2]!);
    }
  }

  #splitOne(): void {
    const source = this.#segments[this.#split]!;
    const bit = this.#mask + 1;
    const { words } = source;
    let moving = 0;
    for (let at = 0; at < words.length; at += slotWords) {
      if (!isEmpty(words, at) && (words[at]! & bit) !== 0) moving += 1;
    }
    const target = newSegment(this.#segments.length, roomFor(moving));
    target.nextExpiry = source.nextExpiry;
    for (let at = 0; at < words.length; at += slotWords) {
      if (!isEmpty(words, at) && (words[at]! & bit) !== 0) insertSlot(target, words, at);
    }
    this.#segments.push(target);
    rebuild(source, roomFor(source.used - moving), (at) => (words[at]! & bit) === 0);
    this.#noteAll(target);
    this.#noteAll(source);
    this.#split += 1;
    if (this.#split > this.#mask) {
      this.#mask = this.#mask * 2 + 1;
      this.#split = 0;
    }
  }
}

function saysNothing({ deniedUntil, issuedUpTo, denialStamp, liftedUpTo }: Rule): boolean {
  return (deniedUntil | issuedUpTo | denialStamp | liftedUpTo) === 0;
}
