import { describe, expect, it } from '@jest/globals';
import { ascending, differences, quantile, ratios, summarize } from '../../src/report/statistics.ts';

describe('a summary', () => {
  it('is the median, and half the distance between the quartiles', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, spread: 1, rounds: 5 });
  });

  it('has a spread in the unit of the values, also around zero', () => {
    expect(summarize([-2, -1, 0, 1, 2])).toEqual({ median: 0, spread: 1, rounds: 5 });
  });

  it('leaves out NaN', () => {
    expect(summarize([1, Number.NaN])).toEqual({ median: 1, spread: 0, rounds: 1 });
    expect(summarize([])).toEqual({ median: Number.NaN, spread: Number.NaN, rounds: 0 });
  });
});

describe('a quantile', () => {
  it.each([
    [0, 10],
    [0.5, 25],
    [0.75, 32.5],
    [1, 40],
  ])('%s is interpolated to %s', (q, expected) => {
    expect(quantile([10, 20, 30, 40], q)).toBe(expected);
  });

  it('of one value is that value, of an empty list is NaN', () => {
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

it('sorts by number and does not change the argument', () => {
  const values = [10, 9, 100];
  expect(ascending(values)).toEqual([9, 10, 100]);
  expect(values).toEqual([10, 9, 100]);
});

it('divides within a round', () => {
  // The machine was half as fast in the second round, which affects both values.
  expect(summarize(ratios([90, 45], [100, 50])).median).toBe(0.9);
  expect(ratios([1, 2], [1])).toEqual([1, Number.NaN]);
});

it('subtracts within a round', () => {
  expect(differences([3, 5], [1])).toEqual([2, Number.NaN]);
});
