import { describe, expect, it } from '@jest/globals';
import { roundMs, summarize } from '../../src/report/summary.ts';

describe('a summary', () => {
  it('has count, median, 99th percentile and maximum, to the microsecond', () => {
    expect(summarize([1.23456, 2, 3])).toEqual({ samples: 3, p50Ms: 2, p99Ms: 3, maxMs: 3 });
    expect(roundMs(1.23456)).toBe(1.235);
  });

  it('without samples is zero', () => {
    expect(summarize([])).toEqual({ samples: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});
