import { describe, expect, it } from '@jest/globals';
import { percentilesOf } from '../../src/metrics/percentiles.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('percentilesOf', () => {
  it('returns undefined without values', () => {
    expect(percentilesOf([])).toBeUndefined();
  });

  it('returns the value for all figures of one value', () => {
    expect(percentilesOf([7])).toEqual({ count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
  });

  it('returns the nearest rank, for values in any order', () => {
    expect(percentilesOf(upTo(100).reverse())).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
    expect(percentilesOf(upTo(101))).toMatchObject({ p50: 51, p90: 91, p99: 100, max: 101 });
  });

  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    percentilesOf(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('sorts numbers as numbers', () => {
    expect(percentilesOf([100, 9, 20])).toMatchObject({ p50: 20, max: 100 });
  });
});
