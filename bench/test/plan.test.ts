import { describe, expect, it } from '@jest/globals';
import { planOf } from '../src/plan.ts';

const whole = { quick: false, rounds: undefined, rules: undefined };

describe('the sizes of a run', () => {
  it('warm every contender with more than three thousand requests', () => {
    const { http, sizes, latency, flood } = planOf(whole);
    for (const { warmUp } of [http, sizes, latency, flood]) expect(warmUp).toBeGreaterThan(3000);
  });

  it('compare latency over at least ten rounds', () => {
    expect(planOf(whole).latency.rounds).toBeGreaterThanOrEqual(10);
  });

  it.each([true, false])('compare sizes with one that is measured (quick: %s)', (quick) => {
    const { sizes } = planOf({ ...whole, quick });
    expect(sizes.sizes).toContain(sizes.reference);
  });

  it.each([true, false])('reach the early second of the sustained load before its last one (quick: %s)', (quick) => {
    const { sustained } = planOf({ ...whole, quick });
    expect(sustained.early).toBeLessThan(sustained.seconds);
  });

  it('follow the operator', () => {
    expect(planOf({ quick: false, rounds: 12, rules: 0 })).toMatchObject({
      http: { rounds: 12, rules: 0 },
      latency: { rounds: 12, rules: 0 },
      sizes: { rounds: 12 },
    });
  });
});
