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

describe('a history in which nothing is wrong', () => {
  it('is found clean', () => {
    expect(checkedIn(revoked(0), probe(1100, 'ra'), memory)).toEqual([]);
  });

  it('is not one without a run record', () => {
    expect(() => judge([revoked(0)])).toThrow('without its run record');
  });
});

describe('I4', () => {
  it.each([
    ['a rule more than the cap', { rules: 101 }],
    ['a process that is fresh although a rule did not fit', { full: true }],
    ['a byte more than a process may take', { rssBytes: 201 }],
  ])('finds %s', (_title, changes) => {
    expect(checkedIn({ ...memory, ...changes })).toEqual(['I4']);
  });
});

describe('I5', () => {
  it('finds a denial by a dimension that nobody revoked', () => {
    expect(checkedIn(revoked(0), probe(1100, 'r', { dimensions: ['session'] }))).toEqual([]);
    expect(checkedIn(revoked(0), probe(1100, 'r', { dimensions: ['subject'] }))).toEqual(['I5']);
  });

  it.each([
    [0, 0],
    [clockReadingMs, 0],
    [clockReadingMs + 1, 1],
    [-clockReadingMs - 1, 1],
  ])('finds a latency reported %i ms off: %i', (offMs, violations) => {
    const applied = { kind: 'applied', who: 'a1', token: 0, atMs: 1050, reportedMs: 60 + offMs } as const;
    expect(checkedIn(revoked(0), applied)).toHaveLength(violations);
  });

  it('finds a process that is not fresh and does not say why, and one that is fresh and cannot answer', () => {
    const { cause, ...silent } = probe(1100, 'u', { fresh: false });
    expect(cause).toBe('no_heartbeat');
    expect(checkedIn(silent)).toEqual(['I5']);
    expect(checkedIn(probe(1100, 'u'))).toEqual(['I5']);
  });
});

describe('recovery, promised within 5000 ms', () => {
  const fault = { kind: 'fault', what: 'a pause', beginMs: 1000, endMs: 2000 } as const;
  const stale = (atMs: number) => probe(atMs, 'u', { fresh: false });

  it('is measured from the end of the fault to the first fresh answer', () => {
    const judgement = judge(historyOf(probe(900, 'a'), fault, stale(1500), stale(2500), probe(2600, 'a')));
    expect(judgement).toMatchObject({ violations: [], recoveriesMs: [600] });
  });

  it('finds one that came too late, and one that never came', () => {
    const hurt = [probe(900, 'a'), fault, stale(1500)];
    expect(checkedIn(...hurt, probe(7000, 'a'))).toEqual([]);
    expect(checkedIn(...hurt, stale(7001), probe(7002, 'a'))).toEqual(['recovery']);
    expect(checkedIn(...hurt, stale(7001))).toEqual(['recovery']);
  });

  it('does not count a process that was not hurt, or began afterwards', () => {
    const newcomer = { who: 'a-late' };
    const cold = probe(8000, 'u', { fresh: false, ...newcomer });
    expect(judge(historyOf(fault, probe(900, 'a'), probe(2100, 'a'), cold, probe(9000, 'a', newcomer)))).toMatchObject({
      violations: [],
      recoveriesMs: [],
    });
  });
});

describe('an expectation of a fault', () => {
  it('that does not hold is a violation', () => {
    expect(checkedIn({ kind: 'expectation', what: 'it rains', held: true })).toEqual([]);
    expect(checkedIn({ kind: 'expectation', what: 'it rains', held: false, found: 'sun' })).toEqual(['expectation']);
  });
});

describe('a figure', () => {
  it('is handed on and judged by nobody', () => {
    const figure = { kind: 'figure', what: 'a start', ms: 1e6 } as const;
    expect(judge(historyOf(figure))).toMatchObject({ violations: [], figures: [{ what: 'a start', ms: 1e6 }] });
  });
});
