import { expect, it } from '@jest/globals';
import { p99Ms, within } from '../../src/http/within.ts';

const sample = (dueMs: number, latencyMs: number) => ({ dueMs, latencyMs });

it('counts a request that overlaps with a burst', () => {
  const [before, into, inside, across, out, after] = [
    sample(0, 9),
    sample(0, 10),
    sample(12, 1),
    sample(5, 100),
    sample(20, 5),
    sample(21, 5),
  ];
  expect(within([before, into, inside, across, out, after], [{ fromMs: 10, toMs: 20 }])).toEqual([
    into,
    inside,
    across,
    out,
  ]);
});

it('counts a request that overlaps with two bursts once', () => {
  const spans = [
    { fromMs: 10, toMs: 20 },
    { fromMs: 30, toMs: 40 },
  ];
  expect(within([sample(15, 20)], spans)).toHaveLength(1);
});

it('is NaN without samples, and not 0', () => {
  expect(p99Ms([])).toBeNaN();
});
