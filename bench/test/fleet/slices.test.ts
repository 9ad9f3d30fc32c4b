import { describe, expect, it } from '@jest/globals';
import { hopsOf } from '../../src/fleet/seen.ts';
import { quantileOf, slicesOf } from '../../src/fleet/slices.ts';

const hop = (sentAtMs: number, latencyMs: number) => ({ sentAtMs, latencyMs });

describe('hops', () => {
  it('leave out ids that were not seen', () => {
    const sent = new Map([
      ['a', 10],
      ['b', 20],
    ]);
    const seen = new Map([
      ['b', 25],
      ['x', 1],
    ]);
    expect(hopsOf(seen, sent)).toEqual([hop(20, 5)]);
  });
});

describe('slices', () => {
  it('begin with the earliest revocation in any order, and end with the last complete slice', () => {
    expect(slicesOf([hop(2050, 4), hop(1000, 1), hop(1999, 2), hop(2000, 3), hop(3000, 9)], 1000)).toEqual([
      [1, 2],
      [4, 3],
    ]);
  });

  it('include a second in which nothing was sent', () => {
    expect(slicesOf([hop(0, 1), hop(2000, 2), hop(3000, 9)], 1000)).toEqual([[1], [], [2]]);
  });

  it('include an incomplete slice if it is the only one', () => {
    expect(slicesOf([hop(0, 1), hop(5, 2)], 1000)).toEqual([[1, 2]]);
    expect(slicesOf([], 1000)).toEqual([]);
  });
});

it('computes the quantile of all hops and the spread of the slices', () => {
  const hops = [hop(0, 1), hop(1000, 3), hop(2000, 5), hop(3000, 5)];
  expect(quantileOf(hops, 0.5, 1000)).toEqual({ median: 4, spread: 1, rounds: 3 });
});
