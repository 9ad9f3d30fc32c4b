import { describe, expect, it } from '@jest/globals';
import { plotHistogram } from '../../src/report/plot.ts';

describe('a plot', () => {
  it('counts a sample that equals a bound in the bucket of that bound', () => {
    const rows = plotHistogram([0.9, 1, 1.1], { boundsMs: [1, 2], width: 4 });
    expect(rows).toEqual(['    ≤ 1 ms ████ 2', '    ≤ 2 ms ██   1']);
  });

  it('leaves out empty buckets only at both ends', () => {
    const rows = plotHistogram([3, 9], { boundsMs: [1, 4, 8, 12, 20], width: 1 });
    expect(rows.map((row) => row.trim().split(' ').at(-1))).toEqual(['1', '0', '1']);
    expect(rows[0]).toContain('≤ 4 ms');
  });

  it('has a row for samples above the last bound', () => {
    expect(plotHistogram([5], { boundsMs: [1], width: 1 })).toEqual(['    > 1 ms █ 1']);
  });

  it('shows a bucket with one of ten thousand samples', () => {
    const samples = [...new Array<number>(10_000).fill(1), 2];
    expect(plotHistogram(samples, { boundsMs: [1, 2], width: 8 })[1]).toContain('▏');
  });

  it('without samples has no lines', () => {
    expect(plotHistogram([])).toEqual([]);
  });
});
