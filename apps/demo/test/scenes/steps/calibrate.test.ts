import { describe, expect, it } from '@jest/globals';
import { leastRequestsPerSecond, pauseFor, rateFor } from '../../../src/scenes/steps/calibrate.ts';

describe('the rate of the load', () => {
  it.each([
    [0, leastRequestsPerSecond],
    [1990, leastRequestsPerSecond],
    [3000, 300],
    [50_000, 400],
  ])('on a machine that answers %d requests/s is %d', (capacity, rate) => {
    expect(rateFor(capacity)).toBe(rate);
  });
});

describe('the pause between two revocations', () => {
  it.each([
    [0, 100],
    [2000, 60],
    [50_000, 40],
  ])('on a machine that answers %d requests/s is %d ms', (capacity, ms) => {
    expect(pauseFor(capacity)).toBe(ms);
  });
});
