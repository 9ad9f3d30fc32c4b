import { describe, expect, it } from '@jest/globals';
import { judge } from '../../src/checkers/judge.ts';
import type { HistoryRecord, MemoryRecord } from '../../src/history.ts';
import { historyOf, probe, revoked, run } from './history-of.ts';

const { clockReadingMs } = run();

const checkedIn = (...records: readonly HistoryRecord[]) =>
  judge(historyOf(...records)).violations.map(({ checked }) => checked);

const memory: MemoryRecord = {
  kind: 'memory',
  who: 'a1',
  atMs: 1000,
  rules: 100,
  maxRules: 100,
  rssBytes: 200,
  maxRssBytes: 200,
  fresh: true,
  full: false,
};

describe('a history', () => {
  it('without a violation is judged clean', () => {
    expect(checkedIn(revoked(0), probe(1100, 'ra'), memory)).toEqual([]);
  });

  it('without a run record is rejected', () => {
    expect(() => judge([revoked(0)])).toThrow('no run record');
  });
});

describe('I4', () => {
  it.each([
    ['one rule more than maxRules', { rules: 101 }],
    ['a process that is fresh although a rule did not fit', { full: true }],
    ['one byte more than maxRssBytes', { rssBytes: 201 }],
  ])('finds %s', (_title, changes) => {
    expect(checkedIn({ ...memory, ...changes })).toEqual(['I4']);
  });
});

describe('I5', () => {
  it('finds a denial by a dimension that was not revoked', () => {
    expect(checkedIn(revoked(0), probe(1100, 'r', { dimensions: ['session'] }))).toEqual([]);
    expect(checkedIn(revoked(0), probe(1100, 'r', { dimensions: ['subject'] }))).toEqual(['I5']);
  });

  it.each([
    [0, 0],
    [clockReadingMs, 0],
    [clockReadingMs + 1, 1],
    [-clockReadingMs - 1, 1],
  ])('finds for a reported latency that is wrong by %i ms %i violations', (offMs, violations) => {
    const applied = { kind: 'applied', who: 'a1', token: 0, atMs: 1050, reportedMs: 60 + offMs } as const;
    expect(checkedIn(revoked(0), applied)).toHaveLength(violations);
  });

  it('finds a process that is not fresh and reports no cause, and one that is fresh and unavailable', () => {
    const { cause, ...withoutCause } = probe(1100, 'u', { fresh: false });
    expect(cause).toBe('no_heartbeat');
    expect(checkedIn(withoutCause)).toEqual(['I5']);
    expect(checkedIn(probe(1100, 'u'))).toEqual(['I5']);
  });
});

describe('recovery, with a limit of 5000 ms', () => {
  const fault = { kind: 'fault', what: 'a pause', beginMs: 1000, endMs: 2000 } as const;
  const stale = (atMs: number) => probe(atMs, 'u', { fresh: false });

  it('is measured from the end of the fault to the first fresh answer', () => {
    const judgement = judge(historyOf(probe(900, 'a'), fault, stale(1500), stale(2500), probe(2600, 'a')));
    expect(judgement).toMatchObject({ violations: [], recoveriesMs: [600] });
  });

  it('is reported apart for a fault in which the log lost data', () => {
    const loss = { kind: 'loss', what: 'FLUSHALL', atMs: 1100, doneMs: 1200, untilMs: 9000 } as const;
    const lost = { ...loss, survivors: [], replicasSurvive: false, alsoHeld: [] };
    const later = { ...fault, beginMs: 3000, endMs: 4000 };
    const first = [probe(900, 'a'), fault, lost, stale(1500), probe(2600, 'a')];
    expect(judge(historyOf(...first, later, stale(3500), probe(4100, 'a')))).toMatchObject({
      recoveriesMs: [100],
      recoveriesAfterLossMs: [600],
    });
  });

  it('is a violation when it is too late, and when it does not happen', () => {
    const affected = [probe(900, 'a'), fault, stale(1500)];
    expect(checkedIn(...affected, probe(7000, 'a'))).toEqual([]);
    expect(checkedIn(...affected, stale(7001), probe(7002, 'a'))).toEqual(['recovery']);
    expect(checkedIn(...affected, stale(7001))).toEqual(['recovery']);
  });

  it('does not count a process that stayed fresh, or that started after the fault', () => {
    const started = { who: 'a-late' };
    const cold = probe(8000, 'u', { fresh: false, ...started });
    expect(judge(historyOf(fault, probe(900, 'a'), probe(2100, 'a'), cold, probe(9000, 'a', started)))).toMatchObject({
      violations: [],
      recoveriesMs: [],
    });
  });
});

describe('an expectation', () => {
  it('is a violation when it does not hold', () => {
    expect(checkedIn({ kind: 'expectation', what: 'it rains', held: true })).toEqual([]);
    expect(checkedIn({ kind: 'expectation', what: 'it rains', held: false, found: 'sun' })).toEqual(['expectation']);
  });
});

describe('a figure', () => {
  it('is reported and never a violation', () => {
    const figure = { kind: 'figure', what: 'a start', ms: 1e6 } as const;
    expect(judge(historyOf(figure))).toMatchObject({ violations: [], figures: [{ what: 'a start', ms: 1e6 }] });
  });
});
