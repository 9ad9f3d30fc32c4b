import { hash } from 'node:crypto';
import { placeOf } from './placement.ts';
import type { Dimension, DimensionValue } from './revocation.ts';

/**
 * The identity of a value in a denylist: the first 128 bits of SHA-256 over the JSON text
 * `[1, dimension, issuer, value]`, as four big-endian words. Raw token ids and subjects are neither stored nor sent.
 */
export type Digest = Uint32Array;

/** The version of this computation. Every wire format carries it; a keyed digest would get another number. */
export const digestScheme = 1;
export const digestBytes = 16;

/** `restart` is no dimension: the log uses its digest for a statement about itself, and no token has it. */
type Hashed = Omit<DimensionValue, 'dimension'> & { readonly dimension: Dimension | 'restart' };

/** The digest of one value of one dimension. Under a microsecond. */
export function digestOf(value: Hashed): Digest {
  const digest = new Uint32Array(4);
  hashInto(digest, 0, value);
  return digest;
}

/** All digests of a token, and mostly those of the next one, name the same issuer. */
let lastQuoted = { issuer: '', text: '""' };

function quoted(issuer: string): string {
  if (issuer !== lastQuoted.issuer) lastQuoted = { issuer, text: JSON.stringify(issuer) };
  return lastQuoted.text;
}

/** Writes the four words of a digest at index `at`. */
function hashInto(words: Uint32Array, at: number, { dimension, issuer, value }: Hashed): void {
  // Concatenated by hand: JSON.stringify takes three times as long for the array as for its strings.
  const text = `[${digestScheme},"${dimension}",${quoted(issuer)},${JSON.stringify(value)}]`;
  // A string with one character per byte: allocating a Buffer would cost as much as the hash.
  const bytes = hash('sha256', text, 'binary');
  for (let byte = 0; byte < digestBytes; byte++) {
    const word = at + (byte >> 2);
    words[word] = (words[word]! << 8) | bytes.charCodeAt(byte);
  }
}

/** Reads the 16 bytes at `offset`. */
export function digestFromBytes(bytes: Uint8Array, offset = 0): Digest {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, digestBytes);
  return Uint32Array.of(view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12));
}

export function digestToBytes(digest: Digest): Buffer {
  const bytes = Buffer.alloc(digestBytes);
  for (let word = 0; word < 4; word++) bytes.writeUInt32BE(digest[word]!, word * 4);
  return bytes;
}

/** 32 lower-case hex digits. */
export function sameDigest(a: Digest, b: Digest): boolean {
  return a.every((word, index) => word === b[index]);
}

export function digestToHex(digest: Digest): string {
  return digestToBytes(digest).toString('hex');
}

/** 22 characters. */
export function digestToBase64url(digest: Digest): string {
  return digestToBytes(digest).toString('base64url');
}

/** @returns undefined unless `hex` is 32 lower-case hex digits. */
export function digestFromHex(hex: string): Digest | undefined {
  return /^[0-9a-f]{32}$/.test(hex) ? digestFromBytes(Buffer.from(hex, 'hex')) : undefined;
}

/**
 * All digests under which one token can be denied. They are computed once and kept with the verified token, so that a
 * check is a few table lookups without an allocation.
 */
export interface DigestSet {
  readonly dimensions: readonly Dimension[];
  /** Four words per dimension, in the order of `dimensions`; then one more per dimension: the place of its digest. */
  readonly words: Uint32Array;
  /**
   * Written by a denylist only: at this version and time it denied none of them for a token issued at `issuedAt` or later.
   */
  cleared?: { by: object; version: number; issuedAt: number; nowSeconds: number };
}

const slabWords = 2048;
let slab = new Uint32Array(slabWords);
let usedWords = 0;

/**
 * An array of zeros, as a part of a larger one. V8 allocates memory outside of its heap for each array of more than 64 bytes, and
 * frees it one by one. The larger array (8 KB) is freed with the last of its parts.
 */
function takeWords(count: number): Uint32Array {
  if (usedWords + count > slab.length) {
    slab = new Uint32Array(Math.max(slabWords, count));
    usedWords = 0;
  }
  usedWords += count;
  return slab.subarray(usedWords - count, usedWords);
}

/** Most tokens of a process have the same dimensions: they share one list. */
let lastDimensions: readonly Dimension[] = [];

function sameList(dimensions: readonly Dimension[]): readonly Dimension[] {
  const isSame =
    dimensions.length === lastDimensions.length && dimensions.every((name, index) => name === lastDimensions[index]);
  if (!isSame) lastDimensions = Object.freeze(dimensions);
  return lastDimensions;
}

/** @param shared digests that other sets have too; they are appended without being computed again. */
export function digestSetOf(values: readonly DimensionValue[], shared?: DigestSet): DigestSet {
  const dimensions = sameList([...values.map(({ dimension }) => dimension), ...(shared?.dimensions ?? [])]);
  const words = takeWords(dimensions.length * 5);
  for (const [index, value] of values.entries()) hashInto(words, index * 4, value);
  if (shared !== undefined) words.set(shared.words.subarray(0, shared.dimensions.length * 4), values.length * 4);
  for (let index = 0; index < dimensions.length; index++)
    words[dimensions.length * 4 + index] = placeOf(words, index * 4);
  return { dimensions, words };
}

/** A set of digests that were computed elsewhere. */
export function digestSetFrom(named: readonly { readonly dimension: Dimension; readonly digest: Digest }[]): DigestSet {
  const words = new Uint32Array(named.length * 5);
  for (const [index, { digest }] of named.entries()) words.set(digest, index * 4);
  for (let index = 0; index < named.length; index++) words[named.length * 4 + index] = placeOf(words, index * 4);
  return { dimensions: named.map(({ dimension }) => dimension), words };
}

/** The digest of one dimension, the first where there are several; undefined when the token has none. */
export function digestIn({ dimensions, words }: DigestSet, dimension: Dimension): Digest | undefined {
  const index = dimensions.indexOf(dimension);
  return index === -1 ? undefined : words.subarray(index * 4, index * 4 + 4);
}
