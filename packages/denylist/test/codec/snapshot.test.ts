import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type RowPicture, rowBytes } from '../../src/codec/rows.ts';
import { decodeSnapshotHeader, encodeSnapshot, snapshotHeaderBytes } from '../../src/codec/snapshot.ts';
import { type DecodedSnapshot, SnapshotReader } from '../../src/codec/snapshot-reader.ts';
import { forEver } from '../../src/rules/rule.ts';

const header = { feed: '0123456789abcdef', n: 2 ** 40 + 7, epoch: 'fedcba9876543210', maxTokenLifetimeSeconds: 86_400 };
const rows = Uint32Array.of(
  ...[0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff, forEver, 0, 1767225600, 0],
  ...[0xffffffff, 0, 0, 1, 1767225900, 1767225602, 1767225600, 1767225600],
);
const picture = (words: Uint32Array, pieceRows = 1): RowPicture => ({
  rows: words.length / 8,
  *pieces() {
    for (let from = 0; from < words.length; from += pieceRows * 8) yield words.subarray(from, from + pieceRows * 8);
  },
});
const encode = (words: Uint32Array, pieceRows?: number): Uint8Array =>
  Buffer.concat([...encodeSnapshot(header, picture(words, pieceRows))]);
const decodeSnapshot = (bytes: Uint8Array, chunkBytes = bytes.byteLength): DecodedSnapshot | string => {
  const reader = new SnapshotReader();
  for (let from = 0; from < bytes.byteLength; from += chunkBytes) reader.add(bytes.subarray(from, from + chunkBytes));
  return reader.end();
};
const wordsOf = (bytes: Uint8Array): Uint32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getUint32(index * 4));
};

describe('a snapshot', () => {
  // The wire between versions during a roll-out.
  it('is these bytes', () => {
    const golden = readFileSync(new URL('./snapshot-v1.hex', import.meta.url), 'utf8').replaceAll(/\s/g, '');
    expect(Buffer.from(encode(rows)).toString('hex')).toBe(golden);
    expect(decodeSnapshot(Buffer.from(golden, 'hex'))).toMatchObject({ header: { ...header, rows: 2 } });
  });

  it('reads as what was written, however it was cut into pieces', () => {
    const small = fc.integer({ min: 1, max: 8 });
    const words = fc.array(fc.integer({ min: 0, max: forEver }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(words, { maxLength: 20 }), small, small, (some, pieceRows, chunkBytes) => {
        const given = Uint32Array.from(some.flat());
        const decoded = decodeSnapshot(encode(given, pieceRows), chunkBytes * 9);
        if (typeof decoded === 'string') throw new Error(decoded);
        expect(decoded.header).toEqual({ ...header, rows: some.length });
        expect(wordsOf(Buffer.concat(decoded.pages))).toEqual(given);
      }),
    );
  });

  it('goes out in the pieces of its picture', () => {
    const sizes = [...encodeSnapshot(header, picture(new Uint32Array(8 * 10), 4))].map((piece) => piece.byteLength);
    expect(sizes).toEqual([snapshotHeaderBytes, 4 * rowBytes, 4 * rowBytes, 2 * rowBytes, 4]);
  });

  it('may be empty', () => {
    expect(decodeSnapshot(encode(new Uint32Array()))).toMatchObject({ header: { rows: 0 }, pages: [] });
  });

  it('is read in pages, each applied between two turns of the event loop', () => {
    const decoded = decodeSnapshot(encode(new Uint32Array(8 * 5000), 100), 65_536);
    if (typeof decoded === 'string') throw new Error(decoded);
    expect(decoded.pages.map(({ byteLength }) => byteLength / rowBytes)).toEqual([2048, 2048, 904]);
  });

  it('is read from a view into a larger buffer', () => {
    const bytes = encode(rows);
    const larger = new Uint8Array(bytes.byteLength + 20);
    larger.set(bytes, 13);
    expect(decodeSnapshot(larger.subarray(13, 13 + bytes.byteLength))).toMatchObject({ header: { rows: 2 } });
  });
});

describe('a damaged snapshot', () => {
  it('is refused with any one bit flipped', () => {
    const bytes = encode(rows);
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(typeof decodeSnapshot(damaged)).toBe('string');
    }
  });

  it('is refused when cut anywhere, or too long', () => {
    const bytes = encode(rows);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(typeof decodeSnapshot(bytes.subarray(0, length))).toBe('string');
    }
    expect(decodeSnapshot(Buffer.concat([bytes, Buffer.of(0)]))).toMatch(/expected the end/);
  });

  it.each([
    ['is none', 0, /not a snapshot/],
    ['is of another version', 4, /version 9/],
    ['has another scheme of digests', 5, /scheme 9/],
  ])('that %s says so', (_, offset, problem) => {
    const bytes = encode(rows);
    bytes[offset] = 9;
    expect(decodeSnapshot(bytes)).toMatch(problem);
    expect(decodeSnapshotHeader(bytes)).toMatch(problem);
  });

  it('that claims more rows than memory holds is refused by its length', () => {
    const bytes = encode(rows);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(40, forEver);
    expect(decodeSnapshot(bytes)).toMatch(/expected \d+ bytes/);
  });

  it('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeSnapshot(bytes)).not.toThrow();
      }),
    );
  });
});
