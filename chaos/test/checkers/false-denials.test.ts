import { describe, expect, it } from '@jest/globals';
import { checkFalseDenials } from '../../src/checkers/false-denials.ts';
import { readTimeline } from '../../src/checkers/timeline.ts';
import type { HistoryRecord } from '../../src/history.ts';
import { historyOf, lifted, probe, revoked, run } from './history-of.ts';

const found = (...records: readonly HistoryRecord[]) =>
  checkFalseDenials(readTimeline(historyOf(...records))).map(({ what }) => what);

describe('I2', () => {
  it('finds the denial of a token that was not revoked', () => {
    expect(found(revoked(0), probe(2000, 'r2'))).toEqual(['a1 (life 1, via s1) denied token 1, which was not revoked']);
  });

  it('finds a denial before its revocation began, and a denial whose revocation was not applied', () => {
    expect(found(revoked(0), probe(989, 'r'))).toHaveLength(1);
    expect(found(revoked(0), probe(990, 'r'))).toEqual([]);
    expect(found(revoked(0, { outcome: 'unavailable' }), probe(2000, 'R'))).toHaveLength(1);
    expect(found(revoked(0, { outcome: 'outcome_unknown' }), probe(2000, 'r'))).toEqual([]);
  });

  it.each([
    [8000, 0],
    [8001, 1],
  ])('finds for a denial at %i ms, after a lift at 5000 ms, %i violations', (atMs, violations) => {
    expect(found(revoked(0), lifted(0, 5000), probe(atMs, 'r'))).toHaveLength(violations);
  });

  it('allows a stale process to apply a lift late', () => {
    expect(found(revoked(0), lifted(0, 5000), probe(99_000, 'r', { fresh: false }))).toEqual([]);
  });

  it('allows a denial after a lift because of a later revocation, a cutoff or another value', () => {
    const late = probe(99_000, 'r');
    expect(found(revoked(0), lifted(0, 5000), revoked(0, { startedMs: 5001, endedMs: 5002 }), late)).toEqual([]);
    expect(found(revoked(0), lifted(0, 5000), revoked(0, { effect: 'cutoff' }), late)).toEqual([]);
    expect(found(revoked(0), lifted(0, 5000), revoked(0, { dimension: 'grant' }), late)).toEqual([]);
  });

  it('finds "unavailable" only in a run that guarantees availability, after the process was fresh', () => {
    const stale = probe(3000, 'u', { fresh: false });
    const available = run({ alwaysAvailable: true });
    const check = (...records: readonly HistoryRecord[]) => checkFalseDenials(readTimeline(records));
    expect(found(probe(2000, 'a'), stale)).toEqual([]);
    expect(check(available, stale)).toEqual([]);
    expect(check(available, probe(2000, 'a'), stale)).toHaveLength(1);
  });
});
