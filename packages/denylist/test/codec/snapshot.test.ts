import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rowBytes, type TableSnapshot } from '../../src/codec/rows.ts';
import { decodeSnapshotHeader, encodeSnapshot, snapshotHeaderBytes } from '../../src/codec/snapshot.ts';
import { type DecodedSnapshot, SnapshotReader } from '../../src/codec/snapshot-reader.ts';
import { forEver } from '../../src/rules/rule.ts';

const header = { feed: '0123456789abcdef', n: 2 ** 40 + 7, epoch: 'fedcba9876543210', maxTokenLifetimeSeconds: 86_400 };
const rows = Uint32Array.of(
  ...[0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff, forEver, 0, 1767225600, 0],
  ...[0xffffffff, 0, 0, 1, 1767225900, 1767225602, 1767225600, 1767225600],
);
const tableOf = (words: Uint32Array, chunkRows = 1): TableSnapshot => ({
  rows: words.length / 8,
  *chunks() {
    for (let from = 0; from < words.length; from += chunkRows * 8) yield words.subarray(from, from + chunkRows * 8);
  },
});
const encode = (words: Uint32Array, chunkRows?: number): Uint8Array =>
  Buffer.concat([...encodeSnapshot(header, tableOf(words, chunkRows))]);
const decodeSnapshot = (bytes: Uint8Array, chunkBytes = bytes.byteLength): DecodedSnapshot | string => {
  const reader = new SnapshotReader();
  for (let from = 0; from < bytes.byteLength; from += chunkBytes) reader.add(bytes.subarray(from, from + chunkBytes));
  return reader.end();
};
const joined = (pages: Iterable<Uint32Array>): Uint32Array => Uint32Array.from([...pages].flatMap((page) => [...page]));
/** The rows as text, sorted. */
const inOrder = (words: Uint32Array): string[] =>
  Array.from({ length: words.length / 8 }, (_, row) => words.slice(row * 8, row * 8 + 8).join()).sort();

describe('a snapshot', () => {
  // Versions that run side by side during a roll-out exchange it.
  it('states the skew of the log, and none from a sidecar of the last release', () => {
    const headOf = (cutoffSkewSeconds?: number) => {
      const [head = new Uint8Array()] = encodeSnapshot({ ...header, cutoffSkewSeconds }, tableOf(rows));
      return decodeSnapshotHeader(head);
    };
    expect(headOf(5)).toMatchObject({ cutoffSkewSeconds: 5 });
    expect(headOf()).toMatchObject({ cutoffSkewSeconds: undefined });
  });

  it('has exactly these bytes', () => {
    const golden = readFileSync(new URL('./snapshot-v1.hex', import.meta.url), 'utf8').replaceAll(/\s/g, '');
    expect(Buffer.from(encode(rows)).toString('hex')).toBe(golden);
    expect(decodeSnapshot(Buffer.from(golden, 'hex'))).toMatchObject({ header: { ...header, rows: 2 } });
  });

  it('is decoded as it was encoded, in chunks of any size', () => {
    const small = fc.integer({ min: 1, max: 8 });
    const words = fc.array(fc.integer({ min: 0, max: forEver }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(words, { maxLength: 20 }), small, small, (some, chunkRows, receivedBytes) => {
        const given = Uint32Array.from(some.flat());
        const decoded = decodeSnapshot(encode(given, chunkRows), receivedBytes * 9);
        if (typeof decoded === 'string') throw new Error(decoded);
        expect(decoded.header).toEqual({ ...header, rows: some.length });
        expect(inOrder(joined(decoded.pages))).toEqual(inOrder(given));
      }),
    );
  });

  it('is encoded in the chunks of the table', () => {
    const sizes = [...encodeSnapshot(header, tableOf(new Uint32Array(8 * 10), 4))].map((chunk) => chunk.byteLength);
    expect(sizes).toEqual([snapshotHeaderBytes, 4 * rowBytes, 4 * rowBytes, 2 * rowBytes, 4]);
  });

  it('keeps no more rows than the receiver has room for, and a page to show that there are more', () => {
    const bytes = encode(new Uint32Array(8 * 7000).fill(1), 7000);
    const read = (maxRows: number, received = bytes) => {
      const reader = new SnapshotReader(maxRows);
      reader.add(received);
      const decoded = reader.end();
      if (typeof decoded === 'string') return decoded;
      return joined(decoded.pages).length / 8;
    };
    expect({ 1: read(1), 2048: read(2048), 6999: read(6999) }).toEqual({ 1: 2048, 2048: 4096, 6999: 7000 });
    // The rows that are not kept are checked.
    const damaged = Uint8Array.from(bytes);
    damaged[damaged.length - 20]! ^= 1;
    expect(read(1, damaged)).toBe('the checksum does not match');
  });

  it('is refused at its header when it announces more rows than any sidecar may hold', () => {
    const reader = new SnapshotReader();
    const bytes = Buffer.from(encode(rows).subarray(0, snapshotHeaderBytes));
    bytes.writeUInt32BE(100_000_001, 40);
    reader.add(bytes);
    expect(reader.problem).toBe('expected at most 100000000 rows, found 100000001');
  });

  it('may be empty', () => {
    const decoded = decodeSnapshot(encode(new Uint32Array()));
    if (typeof decoded === 'string') throw new Error(decoded);
    expect({ rows: decoded.header.rows, pages: [...decoded.pages] }).toEqual({ rows: 0, pages: [] });
  });

  it('is decoded from a view into a larger buffer', () => {
    const bytes = encode(rows);
    const larger = new Uint8Array(bytes.byteLength + 20);
    larger.set(bytes, 13);
    expect(decodeSnapshot(larger.subarray(13, 13 + bytes.byteLength))).toMatchObject({ header: { rows: 2 } });
  });
});

describe('a damaged snapshot', () => {
  it('is refused when any single bit is flipped', () => {
    const bytes = encode(rows);
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(typeof decodeSnapshot(damaged)).toBe('string');
    }
  });

  it('is refused when it is truncated anywhere, or too long', () => {
    const bytes = encode(rows);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(typeof decodeSnapshot(bytes.subarray(0, length))).toBe('string');
    }
    expect(decodeSnapshot(Buffer.concat([bytes, Buffer.of(0)]))).toMatch(/expected the end/);
  });

  it.each([
    ['has another first byte', 0, /not a snapshot/],
    ['is of another version', 4, /version 1, found 9/],
    ['has another digest scheme', 5, /scheme 1, found 9/],
  ])('that %s is refused with the reason', (_, offset, problem) => {
    const bytes = encode(rows);
    bytes[offset] = 9;
    expect(decodeSnapshot(bytes)).toMatch(problem);
    expect(decodeSnapshotHeader(bytes)).toMatch(problem);
  });

  it('that claims more rows than memory can hold is refused by its header', () => {
    const bytes = encode(rows);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(40, forEver);
    expect(decodeSnapshot(bytes)).toMatch(/expected at most 100000000 rows/);
  });

  it('never makes the decoder throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeSnapshot(bytes)).not.toThrow();
      }),
    );
  });
});
