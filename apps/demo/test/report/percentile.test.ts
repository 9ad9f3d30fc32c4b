import { describe, expect, it } from '@jest/globals';
import { percentile, roundMs, summarize } from '../../src/report/percentile.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe('a percentile', () => {
  it('is a value that was measured, by nearest rank, whatever the order', () => {
    expect(percentile(hundred, 50)).toBe(50);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile(hundred, 99.1)).toBe(100);
    expect(percentile(hundred, 100)).toBe(100);
    expect(percentile([10, 2, 9], 50)).toBe(9);
  });

  it('of one sample is that sample', () => {
    expect([1, 50, 100].map((percent) => percentile([7], percent))).toEqual([7, 7, 7]);
  });

  it('of no samples is an error', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
  });

  it('leaves the samples in their order', () => {
    const samples = [3, 1, 2];
    percentile(samples, 50);
    expect(samples).toEqual([3, 1, 2]);
  });
});

describe('a summary', () => {
  it('holds count, median, 99th percentile and maximum, to the microsecond', () => {
    expect(summarize([1.23456, 2, 3])).toEqual({ samples: 3, p50Ms: 2, p99Ms: 3, maxMs: 3 });
    expect(roundMs(1.23456)).toBe(1.235);
  });

  it('of nothing is all zero', () => {
    expect(summarize([])).toEqual({ samples: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});
