import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Journal } from '../../../src/http/server/journal.ts';
import type { EncodedChanges } from '../../../src/http/wire/frames/changes.ts';

/** Adds frames of so many changes each. */
function record(journal: Journal, sizes: readonly number[]): EncodedChanges[] {
  return sizes.map((size) => {
    const frame = { first: journal.n + 1, last: journal.n + size, frame: Buffer.of(size), message: Buffer.of(size) };
    journal.add(frame);
    return frame;
  });
}

describe('the journal of a sidecar', () => {
  it('knows where it stands', () => {
    const journal = new Journal(10);
    expect(journal.n).toBe(0);
    record(journal, [2, 3]);
    expect(journal.n).toBe(5);
  });

  it('finds the frame that holds the next change', () => {
    const journal = new Journal(10);
    const [one, two, three] = record(journal, [2, 1, 3]);
    expect([0, 1, 2, 3, 4, 5, 6].map((n) => journal.after(n))).toEqual([one, one, two, three, three, three, undefined]);
  });

  it('covers no position that it has not reached', () => {
    const journal = new Journal(10);
    expect({ beginning: journal.covers(0), next: journal.covers(1) }).toEqual({ beginning: true, next: false });
    record(journal, [4]);
    expect({ end: journal.covers(4), next: journal.covers(5) }).toEqual({ end: true, next: false });
  });

  it.each([
    [3, 0, true],
    [4, 1, true],
    [4, 0, false],
    [10, 7, true],
    [10, 6, false],
  ])('with room for 3 changes, after %i of them, covers position %i: %s', (recorded, position, expected) => {
    const journal = new Journal(3);
    record(journal, new Array<number>(recorded).fill(1));
    expect(journal.covers(position)).toBe(expected);
    expect(journal.after(position) !== undefined).toBe(expected);
  });

  it.each([
    ['that is known', (journal: Journal) => journal.skipTo(4)],
    ['before a frame', (journal: Journal) => journal.add({ ...record(new Journal(9), [1])[0]!, first: 5, last: 5 })],
  ])('leads nobody past a hole %s', (_, makeHole) => {
    const journal = new Journal(10);
    record(journal, [3]);
    makeHole(journal);
    expect([0, 2, 3].map((n) => [journal.covers(n), journal.after(n)])).toEqual(new Array(3).fill([false, undefined]));
    expect(journal.covers(journal.n)).toBe(true);
  });

  it('of one entry still covers a reader that is up to date', () => {
    const journal = new Journal(1);
    record(journal, [1, 1, 1, 1, 1]);
    expect([5, 4, 3].map((n) => journal.covers(n))).toEqual([true, true, false]);
  });

  it('leads from any covered position to the end without a hole, and keeps as many changes as it should', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 20 }), (given, capacity) => {
        const journal = new Journal(capacity);
        record(journal, given);
        for (let from = Math.max(0, journal.n - capacity); from <= journal.n; from++) {
          expect({ from, covered: journal.covers(from) }).toEqual({ from, covered: true });
          let n = from;
          for (let frame = journal.after(n); frame !== undefined; frame = journal.after(n)) {
            expect(frame.first).toBeLessThanOrEqual(n + 1);
            expect(frame.last).toBeGreaterThan(n);
            n = frame.last;
          }
          expect(n).toBe(journal.n);
        }
      }),
    );
  });
});
