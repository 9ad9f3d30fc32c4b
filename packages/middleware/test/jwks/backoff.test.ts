import { describe, expect, it } from '@jest/globals';
import { backoffMs } from '../../src/jwks/backoff.ts';

const bounds = { baseMs: 1_000, capMs: 60_000 };

describe('backoffMs', () => {
  it('doubles its ceiling with each failure up to the cap', () => {
    const ceilings = [1, 2, 3, 6, 7, 8, 2_000].map((failures) => backoffMs(failures, bounds, () => 1));
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('spreads over the whole range below the ceiling', () => {
    expect([0, 0.25, 0.999].map((random) => backoffMs(3, bounds, () => random))).toEqual([0, 1_000, 3_996]);
  });
});
