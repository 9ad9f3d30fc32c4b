import type { Rule } from '../rules/rule.ts';

// A slot is eight words: four of digest, then deniedUntil, issuedUpTo, stamp, lifted. A digest of all zeros (2^-128)
// would read as an empty slot, so emptiness is told by the numbers: a stored rule is never all zero.
export const slotWords = 8;
export const firstNumber = 4;
export const smallestSegment = 8;
const highestLoad = 0.85;
const growth = 1.4;
const pieceRows = 4096;

/** A small table of its own, by open addressing: about a thousand of the rules of a {@link RuleTable}. */
export interface Segment {
  readonly index: number;
  words: Uint32Array;
  slots: number;
  used: number;
  /** Somebody reads `words` as they are now: copy them before the next write. */
  pictured: boolean;
  /** Seconds before which a sweep passes it by: by the last one's longest lifetime, nothing may be forgotten sooner. */
  nextExpiry: number;
}

/** Slots for so many rules and a few more. */
export function roomFor(rules: number): number {
  return Math.max(smallestSegment, Math.ceil(rules / highestLoad) + 1);
}

export function newSegment(index: number, slots: number): Segment {
  return {
    index,
    words: new Uint32Array(slots * slotWords),
    slots,
    used: 0,
    pictured: false,
    nextExpiry: Number.POSITIVE_INFINITY,
  };
}

/** Whether one more rule would make probing long. */
export function isCrowded({ used, slots }: Segment): boolean {
  return used + 1 > slots * highestLoad;
}

/** Slots of the next size. */
export function largerThan(slots: number): number {
  return Math.ceil(slots * growth) + 1;
}

/** Makes the words of a segment its own again, so that a picture of it stays as it was. */
export function own(segment: Segment): void {
  if (!segment.pictured) return;
  segment.words = segment.words.slice();
  segment.pictured = false;
}

export function* piecesOf(held: readonly Uint32Array[], rows: number): Generator<Uint32Array> {
  let left = rows;
  let piece = new Uint32Array(Math.min(pieceRows, left) * slotWords);
  let next = 0;
  for (const words of held) {
    for (let at = 0; at < words.length; at += slotWords) {
      if (isEmpty(words, at)) continue;
      for (let word = 0; word < slotWords; word++) piece[next + word] = words[at + word]!;
      next += slotWords;
      if (next < piece.length) continue;
      yield piece;
      left -= piece.length / slotWords;
      piece = new Uint32Array(Math.min(pieceRows, left) * slotWords);
      next = 0;
    }
  }
}

/** Word offset of the digest's slot, or `-1 - offset` of the free slot where it belongs. */
export function find({ words, slots }: Segment, a: number, b: number, c: number, d: number): number {
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

export function isEmpty(words: Uint32Array, at: number): boolean {
  return (words[at + 4]! | words[at + 5]! | words[at + 6]! | words[at + 7]!) === 0;
}

export function* occupied({ words }: Segment): Generator<number> {
  for (let at = 0; at < words.length; at += slotWords) if (!isEmpty(words, at)) yield at;
}

export function ruleAt(words: Uint32Array, at: number): Rule {
  return {
    deniedUntil: words[at + firstNumber]!,
    issuedUpTo: words[at + firstNumber + 1]!,
    denialStamp: words[at + firstNumber + 2]!,
    liftedUpTo: words[at + firstNumber + 3]!,
  };
}

export function writeNumbers(words: Uint32Array, at: number, rule: Rule): void {
  words[at + firstNumber] = rule.deniedUntil;
  words[at + firstNumber + 1] = rule.issuedUpTo;
  words[at + firstNumber + 2] = rule.denialStamp;
  words[at + firstNumber + 3] = rule.liftedUpTo;
}

/** Lays the rules to keep into a new array; leaves no gaps that probing would stumble over. */
export function rebuild(segment: Segment, slots: number, keep?: (at: number) => boolean): void {
  const old = segment.words;
  segment.words = new Uint32Array(slots * slotWords);
  segment.slots = slots;
  segment.used = 0;
  segment.pictured = false;
  for (let at = 0; at < old.length; at += slotWords) {
    if (!isEmpty(old, at) && (keep === undefined || keep(at))) insertSlot(segment, old, at);
  }
}

export function insertSlot(segment: Segment, from: Uint32Array, at: number): void {
  const slot = -1 - find(segment, from[at]!, from[at + 1]!, from[at + 2]!, from[at + 3]!);
  const { words } = segment;
  for (let word = 0; word < slotWords; word++) words[slot + word] = from[at + word]!;
  segment.used += 1;
}
