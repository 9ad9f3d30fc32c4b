import type { TableSnapshot } from '../codec/rows.ts';
import type { Digest, DigestSet } from '../rules/digest.ts';
import { placeOf, placesOf } from '../rules/placement.ts';
import { forEver, forgettableAt, type Rule } from '../rules/rule.ts';
import { BloomFilter } from './bloom-filter.ts';
import {
  find,
  insertRow,
  insertRows,
  isEmpty,
  layOut,
  newSegment,
  type PlacedRows,
  prepareWrite,
  probesOf,
  roomIn,
  rowsOf,
  ruleAt,
  type Segment,
  slotsFor,
  slotsToGrow,
  slotWords,
  smallestSegment,
  takeMemory,
  writeRuleAt,
} from './rule-segment.ts';

const rulesPerSegment = 1024;
/** Candidates are bits of a small integer. No token has as many digests. */
const candidatesAtOnce = 30;

/**
 * An exact map from digest to rule in typed arrays: open addressing inside small segments, and linear hashing over the
 * segments. Growing splits or enlarges one segment of about a thousand rules, so no insertion pauses the process to
 * rehash everything, and memory is proportional to the number of rules at every size.
 *
 * Never an LRU cache: an evicted revocation is an accepted attacker.
 */
export class RuleTable {
  readonly #segments: Segment[] = [];
  readonly #filter = new BloomFilter();
  /** Linear hashing: the segments below `#split` are addressed with one bit more. */
  #mask = 0;
  #split = 0;
  #size = 0;
  /** Slots of a segment after its first growth; {@link reserve} raises it. */
  #firstGrowth = smallestSegment;
  /** The page that is being stored: arrays as long as the longest page, so that none is allocated per page. */
  #copy: PlacedRows = { rows: new Uint32Array(0), places: new Uint32Array(0) };
  /** The row that is being stored. */
  readonly #row = new Uint32Array(slotWords);

  constructor() {
    this.#addSegment();
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the arrays in use. */
  get bytes(): number {
    return this.#segments.reduce((sum, { words }) => sum + words.byteLength, this.#filter.bytes);
  }

  /** Slots that a search reads for a rule, on average over all rules. It visits every rule. */
  get meanProbes(): number {
    return this.#segments.reduce((sum, segment) => sum + probesOf(segment), 0) / this.#size;
  }

  /** Rules of the segment with the most. */
  get largestSegment(): number {
    return this.#segments.reduce((most, { used }) => Math.max(most, used), 0);
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /**
   * Prepares an empty table for about this many rules, so that a first snapshot is laid out once instead of growing with
   * every page. Does nothing when the table is not empty.
   */
  reserve(rules: number): void {
    if (this.#size > 0 || rules <= this.#segments.length * rulesPerSegment) return;
    const segments = 2 ** Math.ceil(Math.log2(rules / rulesPerSegment));
    while (this.#segments.length < segments) this.#addSegment();
    this.#mask = segments - 1;
    this.#split = 0;
    const expected = rules / segments;
    // Places are spread evenly: beyond three standard deviations hardly any segment grows a second time.
    this.#firstGrowth = slotsFor(expected + 3 * Math.sqrt(expected));
  }

  get(digest: Digest): Rule | undefined {
    const place = placeOf(digest, 0);
    const { words } = this.#segmentOf(place);
    const at = find(words, digest, 0, place);
    return at < 0 ? undefined : ruleAt(words, at);
  }

  /**
   * The index of the first digest with a rule that denies the token; -1 when there is none. On the request path, so it
   * allocates nothing.
   */
  denyingIndex(digests: DigestSet, issuedAt: number, nowSeconds: number): number {
    const digestCount = digests.dimensions.length;
    for (let from = 0; from < digestCount; from += candidatesAtOnce) {
      for (let left = this.#candidates(digests, from); left !== 0; left &= left - 1) {
        const index = from + 31 - Math.clz32(left & -left);
        if (this.#denies(digests, index, issuedAt, nowSeconds)) return index;
      }
    }
    return -1;
  }

  /** Inserts or replaces. A rule of four zeros is not stored. */
  set(digest: Digest, rule: Rule): void {
    const row = this.#row;
    row.set(digest);
    writeRuleAt(row, 0, rule);
    if (isEmpty(row, 0)) return;
    const place = placeOf(row, 0);
    const segment = this.#segmentOf(place);
    const at = find(segment.words, row, 0, place);
    if (at < 0) {
      this.#insert(segment, -1 - at, row, 0);
      return;
    }
    prepareWrite(segment);
    writeRuleAt(segment.words, at, rule);
    this.#noteExpiry(segment, row, 0);
  }

  /**
   * Prepares a page of rows to be stored. Its memory may become that of a segment: a sorted page has all rules of one, and its
   * buffer some more slots.
   *
   * @returns a copy, which is valid until the next page.
   */
  takePage(page: Uint32Array): PlacedRows {
    const { length } = page;
    if (this.#copy.rows.length < length) {
      this.#copy = { rows: new Uint32Array(length), places: new Uint32Array(length / slotWords) };
    }
    const { places } = this.#copy;
    const rows = this.#copy.rows.subarray(0, length);
    rows.set(page);
    placesOf(rows, slotWords, places);
    if (length > 0) takeMemory(this.#segmentOf(places[0]!), page);
    return { rows, places };
  }

  /**
   * Stores rows until one that it cannot simply add: its digest is in the table (the caller must merge), or its rule is all
   * zeros. Rows that follow one another in the same segment are stored together: a sorted page takes a fraction of the time.
   *
   * @param page an impossible lift in its rows is replaced by none.
   * @param from offset of the first row.
   * @param most rows to store.
   * @returns the offset of the first row that is not stored.
   */
  insertRows(page: PlacedRows, from: number, most: number): number {
    const end = Math.min(page.rows.length, from + most * slotWords);
    let at = from;
    while (at < end) {
      const segment = this.#segmentOf(page.places[at / slotWords]!);
      this.#growFor(segment);
      // The last of these rules may be the one for which a segment is split.
      const room = Math.min(roomIn(segment), this.#roomBeforeSplit + 1);
      const runEnd = this.#endOfRun(page, at, Math.min(end, at + room * slotWords));
      const next = insertRows(segment, page, at, runEnd);
      this.#added(segment, page.rows, at, next);
      if (next < runEnd) return next;
      at = next;
    }
    return at;
  }

  /**
   * Removes the rules of one segment that may be forgotten. A segment without an ended rule is skipped: reading ten
   * million rules every minute would evict everything else from the processor's caches. Therefore a lowered maximum
   * lifetime may take effect late: a rule is kept too long, and never forgotten too early.
   *
   * @returns how many were removed.
   */
  sweep(segmentIndex: number, nowSeconds: number, maxTokenLifetimeSeconds: number): number {
    const segment = this.#segments[segmentIndex];
    if (segment === undefined || nowSeconds < segment.nextExpiry) return 0;
    const { words, used } = segment;
    segment.nextExpiry = Number.POSITIVE_INFINITY;
    const kept = rowsOf(words, (at) => {
      const end = forgettableAt(ruleAt(words, at), maxTokenLifetimeSeconds);
      if (end > nowSeconds) segment.nextExpiry = Math.min(segment.nextExpiry, end);
      return end > nowSeconds;
    });
    const removed = used - kept.length / slotWords;
    if (removed > 0) this.#layOut(segment, kept);
    this.#size -= removed;
    return removed;
  }

  /** The rows of one segment, copied; none when there is no such segment. */
  rowsOfSegment(segmentIndex: number): Uint32Array {
    const segment = this.#segments[segmentIndex];
    return segment === undefined ? new Uint32Array(0) : rowsOf(segment.words);
  }

  /** All rows at this moment. Nothing is copied now: a segment is copied when it is written to afterwards. */
  snapshot(): TableSnapshot {
    const held = this.#segments.map((segment) => {
      segment.inSnapshot = true;
      return segment.words;
    });
    return {
      rows: this.#size,
      *chunks() {
        for (const words of held) {
          const rows = rowsOf(words);
          if (rows.length > 0) yield rows;
        }
      },
    };
  }

  /** A bit for each digest that may be in the table. Without branches, so that the processor loads all at once. */
  #candidates({ dimensions, words }: DigestSet, from: number): number {
    const digestCount = dimensions.length;
    const count = Math.min(digestCount - from, candidatesAtOnce);
    let found = 0;
    for (let index = 0; index < count; index++) {
      const place = words[digestCount * 4 + from + index]!;
      found |= this.#filter.mayHold(this.#indexOf(place), words[(from + index) * 4 + 2]!) << index;
    }
    return found;
  }

  /** {@link denies} of rule.ts, for a slot instead of an object. */
  #denies(digests: DigestSet, index: number, issuedAt: number, nowSeconds: number): boolean {
    const place = digests.words[digests.dimensions.length * 4 + index]!;
    const { words } = this.#segmentOf(place);
    const at = find(words, digests.words, index * 4, place);
    if (at < 0) return false;
    if (issuedAt <= words[at + 5]!) return true;
    return words[at + 6]! > words[at + 7]! && nowSeconds < words[at + 4]!;
  }

  /** Stores a row whose digest is not in the table, and for which the search has ended at this slot. */
  #insert(segment: Segment, slot: number, rows: Uint32Array, at: number): void {
    const hasGrown = this.#growFor(segment);
    prepareWrite(segment);
    insertRow(segment, rows, at, hasGrown ? undefined : slot);
    this.#added(segment, rows, at, at + slotWords);
  }

  /** Makes room for one more rule. */
  #growFor(segment: Segment): boolean {
    const slots = slotsToGrow(segment);
    if (slots !== undefined) this.#layOut(segment, rowsOf(segment.words), Math.max(this.#firstGrowth, slots));
    return slots !== undefined;
  }

  /** Rules that can be added before a segment is split. */
  get #roomBeforeSplit(): number {
    return this.#segments.length * rulesPerSegment - this.#size;
  }

  /** Offset of the first row that belongs to another segment than the one at `from`; `end` when there is none before it. */
  #endOfRun({ places }: PlacedRows, from: number, end: number): number {
    const index = this.#indexOf(places[from / slotWords]!);
    let at = from + slotWords;
    while (at < end && this.#indexOf(places[at / slotWords]!) === index) at += slotWords;
    return at;
  }

  /** Notes rows that were added to a segment. */
  #added(segment: Segment, rows: Uint32Array, from: number, end: number): void {
    this.#filter.noteRows(segment.index, rows, from, end);
    for (let at = from; at < end; at += slotWords) this.#noteExpiry(segment, rows, at);
    this.#size += (end - from) / slotWords;
    if (this.#roomBeforeSplit < 0) this.#splitOne();
  }

  /** By the shortest of all maximum lifetimes: the real one is not known here. */
  #noteExpiry(segment: Segment, rows: Uint32Array, at: number): void {
    // Most rules end later than another one of their segment, and need no object: none ends before its own two times.
    const deniedUntil = rows[at + 4]!;
    if (deniedUntil === forEver || Math.max(deniedUntil, rows[at + 5]!) >= segment.nextExpiry) return;
    segment.nextExpiry = Math.min(segment.nextExpiry, forgettableAt(ruleAt(rows, at), 0));
  }

  #layOut(segment: Segment, rows: Uint32Array, slots = slotsFor(rows.length / slotWords)): void {
    layOut(segment, rows, slots);
    this.#filter.clear(segment.index);
    this.#filter.noteRows(segment.index, rows, 0, rows.length);
  }

  #segmentOf(place: number): Segment {
    return this.#segments[this.#indexOf(place)]!;
  }

  #indexOf(place: number): number {
    const short = place & this.#mask;
    return short < this.#split ? place & (this.#mask * 2 + 1) : short;
  }

  #addSegment(): Segment {
    const segment = newSegment(this.#segments.length);
    this.#segments.push(segment);
    this.#filter.clear(segment.index);
    return segment;
  }

  #splitOne(): void {
    const source = this.#segments[this.#split]!;
    const bit = this.#mask + 1;
    const { words } = source;
    const moved = rowsOf(words, (at) => (placeOf(words, at) & bit) !== 0);
    const kept = rowsOf(words, (at) => (placeOf(words, at) & bit) === 0);
    const target = this.#addSegment();
    target.nextExpiry = source.nextExpiry;
    this.#layOut(target, moved);
    this.#layOut(source, kept);
    this.#split += 1;
    if (this.#split > this.#mask) {
      this.#mask = this.#mask * 2 + 1;
      this.#split = 0;
    }
  }
}
