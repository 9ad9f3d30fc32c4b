import { describe, expect, it } from '@jest/globals';
import { bar } from '../../src/report/bar.ts';
import { figureTable } from '../../src/report/figure.ts';
import { formatGoal, judge } from '../../src/report/goals.ts';
import { formatNumber, formatSpread } from '../../src/report/numbers.ts';
import { table } from '../../src/report/table.ts';

describe('a table', () => {
  it('is in Markdown, with names aligned left and numbers right', () => {
    const columns = [
      { title: 'who', cell: ({ who }: { who: string }) => who, align: 'left' as const },
      { title: 'n', cell: ({ n }: { n: string }) => n },
    ];
    const rows = [
      { who: 'bare', n: '1200' },
      { who: 'revocast', n: '9' },
    ];
    expect(table(columns, rows)).toEqual([
      '| who      |    n |',
      '| -------- | ---: |',
      '| bare     | 1200 |',
      '| revocast |    9 |',
    ]);
  });

  it('shows figures beside their goals', () => {
    const value = { median: 48.04, spread: 2.5, rounds: 11 };
    expect(figureTable('latency', [{ name: 'p50 added', unit: 'us', value, goal: { atMost: 50 } }])).toEqual([
      'latency',
      '',
      '| figure    | median | unit | spread | goal       |',
      '| --------- | -----: | ---- | -----: | ---------- |',
      '| p50 added |   48.0 | us   | ± 2.50 | <= 50: met |',
    ]);
  });
});

describe('a goal', () => {
  it.each([
    [{ atMost: 50 }, 49.9, 'met'],
    [{ atMost: 50 }, 50, 'met'],
    [{ atMost: 50 }, 50.1, 'missed'],
    [{ atLeast: 0.97 }, 0.96, 'missed'],
    [{ atLeast: 0.97 }, 0.97, 'met'],
    [{ atLeast: 0.97 }, 0.98, 'met'],
  ])('%j at %s is %s', (goal, value, verdict) => {
    expect(judge(goal, value)).toBe(verdict);
  });

  it('is missed by a figure that could not be measured', () => {
    expect(formatGoal({ atMost: 2 }, Number.NaN)).toBe('<= 2: missed');
    expect(formatGoal({ atLeast: 1 }, Number.NaN)).toBe('>= 1: missed');
  });
});

describe('numbers', () => {
  it.each([
    [1234.5, '1235'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [-0.1234, '-0.123'],
    [0, '0'],
    [Number.NaN, '-'],
  ])('%s is formatted as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('have no spread for a single round', () => {
    expect(formatSpread({ median: 1, spread: 0, rounds: 1 })).toBe('one run');
    expect(formatSpread({ median: 1, spread: 0.5, rounds: 2 })).toBe('± 0.500');
  });
});

describe('a bar', () => {
  it.each([
    [0, ''],
    [0.5, '█████'],
    [1, '██████████'],
    [1.7, '██████████'],
    [-1, ''],
    [Number.NaN, ''],
  ])('of %s', (share, drawn) => {
    expect(bar(share, 10)).toBe(drawn);
  });
});
