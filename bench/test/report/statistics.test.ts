import { describe, expect, it } from '@jest/globals';
import { ascending, differences, quantile, ratios, summarize } from '../../src/report/statistics.ts';

describe('a summary', () => {
  it('is the middle, and half of what the middle half covers', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, spread: 1, rounds: 5 });
  });

  it('keeps its unit around zero, where a share would say nothing', () => {
    expect(summarize([-2, -1, 0, 1, 2])).toEqual({ median: 0, spread: 1, rounds: 5 });
  });

  it('leaves out what is no number', () => {
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
  ])('%s lies between its neighbours', (q, expected) => {
    expect(quantile([10, 20, 30, 40], q)).toBe(expected);
  });

  it('of one value is that value, of none is none', () => {
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

it('sorts numbers as numbers and leaves the argument alone', () => {
  const values = [10, 9, 100];
  expect(ascending(values)).toEqual([9, 10, 100]);
  expect(values).toEqual([10, 9, 100]);
});

it('compares rounds, not medians', () => {
  // The machine was half as fast in the second round; the contender was not.
  expect(summarize(ratios([90, 45], [100, 50])).median).toBe(0.9);
  expect(ratios([1, 2], [1])).toEqual([1, Number.NaN]);
});

it('takes differences within a round', () => {
  expect(differences([3, 5], [1])).toEqual([2, Number.NaN]);
});
