import { describe, expect, it } from '@jest/globals';
import { checkLateAccepts } from '../../src/checkers/late-accepts.ts';
import { readTimeline } from '../../src/checkers/timeline.ts';
import type { HistoryRecord } from '../../src/history.ts';
import { flushed, historyOf, lifted, probe, revoked } from './history-of.ts';

const found = (...records: readonly HistoryRecord[]) =>
  checkLateAccepts(readTimeline(historyOf(...records))).violations.map(({ what }) => what);

describe('I1, with a revocation acknowledged at 1000 ms and a bound of 3000 ms', () => {
  it.each([
    [3999, 0],
    [4000, 0],
    [4001, 1],
  ])('finds for an accept at %i ms %i violations', (atMs, violations) => {
    expect(found(revoked(0), probe(atMs, 'a'))).toHaveLength(violations);
  });

  it('finds an accept after a look-up, and names the process, the token and the delay', () => {
    expect(found(revoked(2), probe(9000, 'a2A'))).toEqual([
      'a1 (life 1, via s1) accepted token 2 8000 ms after its session was revoked; the bound is 3000 ms',
    ]);
  });

  it.each(['r', 'R', 'u', 'p'])('finds nothing for %s, which is no accept or an accept by policy', (letter) => {
    expect(found(revoked(0), probe(9000, letter))).toEqual([]);
  });

  it('reports the latest accept within the bound as a figure', () => {
    const timeline = readTimeline(historyOf(revoked(0), probe(1500, 'a'), probe(2200, 'a')));
    expect(checkLateAccepts(timeline)).toEqual({ violations: [], worstMs: 1200 });
  });

  it.each(['outcome_unknown', 'unavailable', 'refused', 'invalid'] as const)(
    'requires no denial after the outcome %s',
    (outcome) => {
      expect(found(revoked(0, { outcome }), probe(9000, 'a'))).toEqual([]);
    },
  );

  it('requires a denial after the outcome not_durable', () => {
    expect(found(revoked(0, { outcome: 'not_durable' }), probe(9000, 'a'))).toHaveLength(1);
  });

  it('ends with the lift of a denial, and not with the lift of a cutoff', () => {
    expect(found(revoked(0), lifted(0, 5000), probe(5100, 'a'))).toEqual([]);
    expect(found(revoked(0, { effect: 'cutoff' }), lifted(0, 5000), probe(5100, 'a'))).toHaveLength(1);
  });

  it('is not ended by a lift that was answered before the revocation began', () => {
    const again = revoked(0, { startedMs: 6000, endedMs: 6010 });
    expect(found(revoked(0), lifted(0, 5000), again, probe(9500, 'a'))).toHaveLength(1);
  });

  it('is not ended by the lift of another value of the same token', () => {
    expect(found(revoked(0), lifted(0, 5000, { dimension: 'grant' }), probe(9000, 'a'))).toHaveLength(1);
  });

  it('ends when the denial expires', () => {
    expect(found(revoked(0, { untilMs: 8000 }), probe(7999, 'a'))).toHaveLength(1);
    expect(found(revoked(0, { untilMs: 8000 }), probe(8000, 'a'))).toEqual([]);
  });

  it('allows the time of a re-seed for a rule that a survivor held, and no longer', () => {
    const held = [revoked(0), probe(1500, 'r'), flushed()];
    const other = { who: 'a2', via: 's2' };
    expect(found(...held, probe(12_000, 'a', other))).toEqual([]);
    expect(found(...held, probe(12_001, 'a', other))).toHaveLength(1);
  });

  it('requires no denial after a loss of a rule that no survivor held', () => {
    expect(found(revoked(0), probe(1500, 'r', { via: 's2' }), flushed(), probe(99_000, 'a'))).toEqual([]);
  });
});
