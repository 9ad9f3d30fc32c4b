import { describe, expect, it } from '@jest/globals';
import { plotHistogram } from '../../src/report/plot.ts';

describe('a plot', () => {
  it('counts a sample that equals a bound below that bound', () => {
    const rows = plotHistogram([0.9, 1, 1.1], { boundsMs: [1, 2], width: 4 });
    expect(rows).toEqual(['    ≤ 1 ms ████ 2', '    ≤ 2 ms ██   1']);
  });

  it('leaves out the empty buckets at both ends, not those between', () => {
    const rows = plotHistogram([3, 9], { boundsMs: [1, 4, 8, 12, 20], width: 1 });
    expect(rows.map((row) => row.trim().split(' ').at(-1))).toEqual(['1', '0', '1']);
    expect(rows[0]).toContain('≤ 4 ms');
  });

  it('has a row for what exceeds the last bound', () => {
    expect(plotHistogram([5], { boundsMs: [1], width: 1 })).toEqual(['    > 1 ms █ 1']);
  });

  it('shows one sample beside ten thousand', () => {
    const samples = [...new Array<number>(10_000).fill(1), 2];
    expect(plotHistogram(samples, { boundsMs: [1, 2], width: 8 })[1]).toContain('▏');
  });

  it('of nothing has no lines', () => {
    expect(plotHistogram([])).toEqual([]);
  });
});
