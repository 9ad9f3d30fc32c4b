import { hash } from 'node:crypto';
import type { Dimension, DimensionValue } from './revocation.ts';

/**
 * What stands in a denylist instead of a name: the first 128 bits of SHA-256 over `[1, dimension, issuer, value]` as
 * JSON, as four big-endian words. Raw token ids and subjects are neither stored nor sent.
 */
export type Digest = Uint32Array;

/** The scheme of the digest; a keyed one would be another number. It is on every wire. */
export const digestScheme = 1;
export const digestBytes = 16;

/** The digest of one value of one dimension. About a microsecond. */
export function digestOf({ dimension, issuer, value }: DimensionValue): Digest {
  return hashOf([digestScheme, dimension, issuer, value]);
}

/** The digest of something that is said of the log itself. `name` is that of no dimension, so it is of no token. */
export function reservedDigest(name: 'restart'): Digest {
  return hashOf([digestScheme, name, '', '']);
}

function hashOf(parts: readonly unknown[]): Digest {
  // As a string of one character a byte: a Buffer of its own would cost as much as the hash.
  const bytes = hash('sha256', JSON.stringify(parts), 'binary');
  const digest = new Uint32Array(4);
  for (let at = 0; at < digestBytes; at++) digest[at >> 2] = (digest[at >> 2]! << 8) | bytes.charCodeAt(at);
  return digest;
}

/** Reads the 16 bytes at `offset`. */
export function digestFromBytes(bytes: Uint8Array, offset = 0): Digest {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, digestBytes);
  return Uint32Array.of(view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12));
}

export function digestToBytes(digest: Digest): Uint8Array {
  const bytes = new Uint8Array(digestBytes);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < 4; word++) view.setUint32(word * 4, digest[word]!);
  return bytes;
}

/** 32 lower-case hex digits. */
export function digestToHex(digest: Digest): string {
  return Buffer.from(digestToBytes(digest)).toString('hex');
}

/** 22 characters. */
export function digestToBase64url(digest: Digest): string {
  return Buffer.from(digestToBytes(digest)).toString('base64url');
}

/** @returns undefined unless `hex` is 32 lower-case hex digits. */
export function digestFromHex(hex: string): Digest | undefined {
  return /^[0-9a-f]{32}$/.test(hex) ? digestFromBytes(Buffer.from(hex, 'hex')) : undefined;
}

/**
 * All digests under which one token can be denied, computed once and kept beside the verified token: a check is then
 * a handful of table probes and allocates nothing.
 */
export interface DigestSet {
  readonly dimensions: readonly Dimension[];
  /** Four words per dimension, in the order of `dimensions`. */
  readonly words: Uint32Array;
  /** A denylist's own note: it held none of them at this version, for a token issued then or later. */
  cleared?: { by: object; version: number; issuedAt: number };
}

export function digestSetOf(values: readonly DimensionValue[]): DigestSet {
  const words = new Uint32Array(values.length * 4);
  values.forEach((value, index) => {
    words.set(digestOf(value), index * 4);
  });
  return { dimensions: values.map(({ dimension }) => dimension), words };
}

/** The digest of one dimension, the first where there are several; undefined when the token has none. */
export function digestIn({ dimensions, words }: DigestSet, dimension: Dimension): Digest | undefined {
  const index = dimensions.indexOf(dimension);
  return index === -1 ? undefined : words.subarray(index * 4, index * 4 + 4);
}
