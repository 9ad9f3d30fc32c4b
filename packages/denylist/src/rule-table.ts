import type { RowPicture } from './codec/rows.ts';
import type { Digest } from './digest.ts';
import { ProbeFilter } from './probe-filter.ts';
import type { Rule } from './rule.ts';
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

/**
 * An exact map from digest to rule in typed arrays: open addressing inside small segments, and linear hashing over the
 * segments. Growing splits or enlarges one segment of about a thousand rules at a time, so no insertion ever pauses
 * the process for a rehash of everything, and memory follows the number of rules closely at every size.
 *
 * Never an LRU: an evicted revocation is an accepted attacker.
 */
export class RuleTable {
  #segments: Segment[] = [newSegment(0, smallestSegment)];
  readonly #filter = new ProbeFilter();
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
   * The request path: whether the four words at `offset` are held and deny. Allocates nothing.
   * Mirrors {@link denies} of rule.ts, over the slot instead of an object.
   */
  denies(digests: Uint32Array, offset: number, issuedAt: number, nowSeconds: number): boolean {
    const index = this.#indexOf(digests[offset]!);
    if (!this.#filter.mayHold(index, digests[offset + 2]!)) return false;
    const segment = this.#segments[index]!;
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
    if ((row.getUint32(at + 16) | row.getUint32(at + 20) | row.getUint32(at + 24) | row.getUint32(at + 28)) === 0) {
      return false;
    }
    const slot = this.#claim(segment, a, b, c, d);
    const { words } = segment;
    for (let number = 0; number < 4; number++) {
      words[slot + firstNumber + number] = row.getUint32(at + 16 + number * 4);
    }
    this.#settle(segment);
    return true;
  }

  /**
   * Removes the rules of one segment for which `drop` says so; a sweep visits the segments in slices.
   *
   * @returns how many were removed.
   */
  sweep(segmentIndex: number, drop: (rule: Rule) => boolean): number {
    const segment = this.#segments[segmentIndex];
    if (segment === undefined) return 0;
    const { words, used } = segment;
    const keep = (at: number) => !drop(ruleAt(words, at));
    let kept = 0;
    for (let at = 0; at < words.length; at += slotWords) if (!isEmpty(words, at) && keep(at)) kept += 1;
    const removed = used - kept;
    if (removed === 0) return 0;
    rebuild(segment, roomFor(kept), keep);
    this.#noteAll(segment);
    this.#size -= removed;
    return removed;
  }

  /**
   * Every row at this moment. Nothing is copied now, however many there are: a segment that is written to while
   * somebody may still read it is copied first.
   */
  picture(): RowPicture {
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
