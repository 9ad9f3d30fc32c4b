import { describe, expect, it } from '@jest/globals';
import { Journal } from '../../../src/http/server/journal.ts';
import { emptyRule } from '../../../src/rules/rule.ts';

const feed = '0123456789abcdef';
const change = (index: number) => ({
  digest: Uint32Array.of(index, 0, 0, 0),
  rule: { ...emptyRule, issuedUpTo: index },
});
const record = (journal: Journal, count: number): string[] =>
  Array.from({ length: count }, (_, index) => journal.record(change(index + 1)));

describe('the journal of a sidecar', () => {
  it('numbers every change and writes it as an event of the stream', () => {
    const journal = new Journal(feed, 10);
    expect(journal.n).toBe(0);
    expect(journal.record(change(5))).toBe(
      `id: ${feed}.1\nevent: rule\ndata: 1|r|1|||00000005000000000000000000000000|0|5|0|0|\n\n`,
    );
    expect(journal.n).toBe(1);
  });

  it('gives everything after a position', () => {
    const journal = new Journal(feed, 10);
    const frames = record(journal, 4);
    expect(journal.since(0)).toEqual(frames);
    expect(journal.since(2)).toEqual(frames.slice(2));
    expect(journal.since(4)).toEqual([]);
  });

  it('knows no position that it has not reached', () => {
    const journal = new Journal(feed, 10);
    record(journal, 4);
    expect(journal.since(5)).toBeUndefined();
    expect(new Journal(feed, 10).since(1)).toBeUndefined();
  });

  it.each([
    [3, 0, 3],
    [4, 1, 3],
    [4, 0, undefined],
    [10, 7, 3],
    [10, 6, undefined],
  ])('with room for 3 changes, after %i of them, gives those after %i: %s', (recorded, position, expected) => {
    const journal = new Journal(feed, 3);
    const frames = record(journal, recorded);
    const since = journal.since(position);
    expect(since?.length).toBe(expected);
    if (expected !== undefined) expect(since).toEqual(frames.slice(position));
  });

  it('of one entry still tells a reader that is up to date', () => {
    const journal = new Journal(feed, 1);
    record(journal, 5);
    expect([journal.since(5), journal.since(4)?.length, journal.since(3)]).toEqual([[], 1, undefined]);
  });
});
