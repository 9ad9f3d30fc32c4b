import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rowWords } from '../../src/codec/rows.ts';
import { SortedRows } from '../../src/codec/sorted-rows.ts';
import { placeOf } from '../../src/rules/placement.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });
/** Rows of few digests, so that some come more than once; the second number tells such rows apart. */
const arbitraryRows = fc
  .array(fc.tuple(fc.nat(9), word), { maxLength: 200 })
  .map((rows) => Uint32Array.from(rows.flatMap(([digest, end]) => [digest, digest * 7, 0, 1, end, 0, 1, 0])));

const split = (words: Uint32Array): Uint32Array[] =>
  Array.from({ length: words.length / rowWords }, (_, row) => words.slice(row * rowWords, (row + 1) * rowWords));
const taken = (sorted: SortedRows): Uint32Array[][] => [...sorted.take()].map(split);

function manyRows(count: number): Uint32Array {
  const rows = new Uint32Array(count * rowWords);
  for (let row = 0; row < count; row++) rows.set([row, row ^ 0x5555, row * 3, 9, 8, 0, 1, 0], row * rowWords);
  return rows;
}

describe('sorted rows', () => {
  it('are the rows that were added, and those of one digest keep their order, whatever number was expected', () => {
    const expected = fc.constantFrom(0, 1, 3000, 100_000_000);
    fc.assert(
      fc.property(fc.array(arbitraryRows, { maxLength: 5 }), expected, (pages, count) => {
        const sorted = new SortedRows(count);
        for (const page of pages) sorted.add(page);
        const rows = taken(sorted).flat();
        const added = pages.flatMap(split);
        const ofDigest = (all: Uint32Array[], digest: number) => all.filter(([first]) => first === digest);
        for (let digest = 0; digest < 10; digest++) expect(ofDigest(rows, digest)).toEqual(ofDigest(added, digest));
        expect(rows).toHaveLength(added.length);
      }),
    );
  });

  it('come in pages of about a thousand, whose places have the same lowest bits', () => {
    const sorted = new SortedRows(8192);
    sorted.add(manyRows(8192));
    const pages = taken(sorted);
    expect(pages).toHaveLength(8);
    const lowestBits = pages.map((rows) => [...new Set(rows.map((row) => placeOf(row, 0) & 7))]);
    expect(lowestBits).toEqual([[0], [1], [2], [3], [4], [5], [6], [7]]);
  });

  it('are given up when they are taken', () => {
    const sorted = new SortedRows(100);
    sorted.add(manyRows(100));
    expect(taken(sorted).flat()).toHaveLength(100);
    expect(taken(sorted)).toEqual([]);
  });
});
