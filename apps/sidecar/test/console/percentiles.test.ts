import { describe, expect, it } from '@jest/globals';
import { percentilesOf } from '../../src/console/percentiles.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('percentilesOf', () => {
  it('says nothing of nothing', () => {
    expect(percentilesOf([])).toBeUndefined();
  });

  it('gives one value for all of one', () => {
    expect(percentilesOf([7])).toEqual({ count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
  });

  it('takes the nearest rank, in whatever order the values came', () => {
    expect(percentilesOf(upTo(100).reverse())).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
    expect(percentilesOf(upTo(101))).toMatchObject({ p50: 51, p90: 91, p99: 100, max: 101 });
  });

  it('sorts numbers as numbers', () => {
    expect(percentilesOf([100, 9, 20])).toMatchObject({ p50: 20, max: 100 });
  });
});
