import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { median, theilSenSlope } from '../../src/soak/slope.ts';

const line = (count: number, valueAt: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * 5000, value: valueAt(index) }));

describe('theilSenSlope', () => {
  it('is the slope of any line', () => {
    const number = fc.double({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(number, number, (slope, start) => {
        expect(theilSenSlope(line(20, (index) => start + slope * index * 5000))).toBeCloseTo(slope, 4);
      }),
    );
  });

  it('does not change when a quarter of the points are outliers', () => {
    const points = line(40, (index) => (index % 4 === 0 ? 1e9 : 100 + index * 5000 * 0.002));
    expect(theilSenSlope(points)).toBeCloseTo(0.002, 6);
  });

  it('is 0 for fewer than two points', () => {
    expect(theilSenSlope([])).toBe(0);
    expect(theilSenSlope([{ atMs: 5, value: 3 }])).toBe(0);
  });
});

describe('a median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 2], 2],
    [[1, 2, 3, 10], 2.5],
    [[], 0],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});
