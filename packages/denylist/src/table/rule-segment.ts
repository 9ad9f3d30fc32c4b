import { copyRow } from '../codec/rows.ts';
import { placeOf } from '../rules/placement.ts';
import { type Rule, stampCeiling } from '../rules/rule.ts';

// A slot has eight words: four of the digest, then deniedUntil, issuedUpTo, denialStamp, liftedUpTo. A digest may be all
// zeros, so a slot is empty when its four numbers are zero: a rule of four zeros is never stored.
export const slotWords = 8;
/** Of `liftedUpTo` in a slot. */
const liftWord = 7;
export const smallestSegment = 8;
const highestLoad = 0.85;
const growth = 1.4;

/** A small hash table with open addressing: about a thousand of the rules of a {@link RuleTable}. */
export interface Segment {
  readonly index: number;
  words: Uint32Array;
  used: number;
  /** A snapshot refers to `words`, which must be copied before the next write. */
  inSnapshot: boolean;
  /** Seconds before which a sweep can skip the segment: no rule in it may be forgotten sooner. */
  nextExpiry: number;
}

/** Slots for a number of rules and a few more. */
export function slotsFor(rules: number): number {
  return Math.max(smallestSegment, Math.ceil(rules / highestLoad) + 1);
}

export function newSegment(index: number): Segment {
  return {
    index,
    words: new Uint32Array(smallestSegment * slotWords),
    used: 0,
    inSnapshot: false,
    nextExpiry: Number.POSITIVE_INFINITY,
  };
}

/** Rules that can be added before probing becomes slow. */
export function roomIn({ used, words }: Segment): number {
  return Math.floor((words.length / slotWords) * highestLoad) - used;
}

/** Slots of the next size when one more rule would make probing slow; undefined while there is room. */
export function slotsToGrow(segment: Segment): number | undefined {
  return roomIn(segment) < 1 ? Math.ceil((segment.words.length / slotWords) * growth) + 1 : undefined;
}

/** Rows as words, and the place of each. */
export interface PlacedRows {
  readonly rows: Uint32Array;
  readonly places: Uint32Array;
}

/** Uses the memory of a page of rows for an empty segment, when that is about as much as the rows need there. */
export function takeMemory(segment: Segment, page: Uint32Array): void {
  if (segment.used > 0) return;
  const slots = Math.floor(page.buffer.byteLength / (slotWords * page.BYTES_PER_ELEMENT));
  const needed = slotsFor(page.length / slotWords);
  const isSuitable = slots >= needed && slots <= needed * growth && slots * slotWords > segment.words.length;
  if (!isSuitable) return;
  segment.words = new Uint32Array(page.buffer, 0, slots * slotWords).fill(0);
  segment.inSnapshot = false;
}

/** Copies the words when a snapshot refers to them, so that the snapshot does not change. */
export function prepareWrite(segment: Segment): void {
  if (segment.inSnapshot) segment.words = segment.words.slice();
  segment.inSnapshot = false;
}

/**
 * Offset of the slot with a digest, or `-1 - offset` of the free slot where it belongs.
 *
 * @param keys words that contain the digest at `from`.
 * @param place the place of the digest.
 */
export function find(words: Uint32Array, keys: Uint32Array, from: number, place: number): number {
  const a = keys[from]!;
  const b = keys[from + 1]!;
  const c = keys[from + 2]!;
  const d = keys[from + 3]!;
  let at = homeOf(words, place);
  for (;;) {
    if (isEmpty(words, at)) return -1 - at;
    if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    at += slotWords;
    if (at === words.length) at = 0;
  }
}

/**
 * Offset of the slot at which the search for a place starts. The lowest bits of a place select the segment, the highest
 * ones the slot. They are scaled, because sizes are not powers of two.
 */
function homeOf(words: Uint32Array, place: number): number {
  return Math.floor((place / 0x1_0000_0000) * (words.length / slotWords)) * slotWords;
}

/** Slots that a search reads for each rule of the segment, all rules together. */
export function probesOf({ words }: Segment): number {
  let probes = 0;
  for (let at = 0; at < words.length; at += slotWords) {
    if (isEmpty(words, at)) continue;
    const distance = at - homeOf(words, placeOf(words, at));
    probes += 1 + (distance < 0 ? distance + words.length : distance) / slotWords;
  }
  return probes;
}

export function isEmpty(words: Uint32Array, at: number): boolean {
  return (words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!) === 0;
}

export function ruleAt(words: Uint32Array, at: number): Rule {
  return {
    deniedUntil: words[at + 4]!,
    issuedUpTo: words[at + 5]!,
    denialStamp: words[at + 6]!,
    liftedUpTo: words[at + 7]!,
  };
}

export function writeRuleAt(words: Uint32Array, at: number, rule: Rule): void {
  words[at + 4] = rule.deniedUntil;
  words[at + 5] = rule.issuedUpTo;
  words[at + 6] = rule.denialStamp;
  words[at + 7] = rule.liftedUpTo;
}

/** A copy of the slots that are in use, without gaps; with `keep`, of those at whose offset it returns true. */
export function rowsOf(words: Uint32Array, keep?: (at: number) => boolean): Uint32Array {
  const rows = new Uint32Array(words.length);
  let length = 0;
  for (let at = 0; at < words.length; at += slotWords) {
    if (isEmpty(words, at) || keep?.(at) === false) continue;
    copyRow(words, at, rows, length);
    length += slotWords;
  }
  return rows.subarray(0, length);
}

/** Replaces the contents by these rows. */
export function layOut(segment: Segment, rows: Uint32Array, slots: number): void {
  segment.words = new Uint32Array(slots * slotWords);
  segment.used = 0;
  segment.inSnapshot = false;
  for (let at = 0; at < rows.length; at += slotWords) insertRow(segment, rows, at);
}

/**
 * Copies a row whose digest is not in the segment into a free slot.
 *
 * @param slot where the search for its digest has ended, if nothing was laid out since.
 */
export function insertRow(
  segment: Segment,
  rows: Uint32Array,
  at: number,
  slot = -1 - find(segment.words, rows, at, placeOf(rows, at)),
): void {
  copyRow(rows, at, segment.words, slot);
  segment.used += 1;
}

/**
 * Stores rows in the order of a page until one that cannot simply be added: its digest is in the segment (the caller must
 * merge), or its rule is all zeros. An impossible lift is replaced by none, as `readRule` does.
 *
 * @param from offset of the first row.
 * @param end offset after the last row. All of them belong to this segment, which has room for them.
 * @returns the offset of the first row that is not stored.
 */
export function insertRows(segment: Segment, { rows, places }: PlacedRows, from: number, end: number): number {
  prepareWrite(segment);
  const { words } = segment;
  let at = from;
  for (; at < end; at += slotWords) {
    if (rows[at + liftWord]! >= stampCeiling) rows[at + liftWord] = 0;
    if (isEmpty(rows, at)) break;
    const slot = find(words, rows, at, places[at / slotWords]!);
    if (slot >= 0) break;
    copyRow(rows, at, words, -1 - slot);
  }
  segment.used += (at - from) / slotWords;
  return at;
}
