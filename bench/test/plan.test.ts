import { describe, expect, it } from '@jest/globals';
import { planOf } from '../src/plan.ts';

const asked = { rounds: undefined, rules: undefined, algorithms: undefined, contenders: undefined };
const whole = { quick: false, ...asked };

describe('the sizes of a run', () => {
  it('warm every contender until V8 of every line of Node has compiled it for good', () => {
    const { http, sizes, latency, flood } = planOf(whole);
    for (const warmUp of [http.warmUp.warm, sizes.warmUp, latency.warmUp, flood.warmUp]) {
      expect(warmUp).toBeGreaterThan(22_000);
    }
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
    const contenders = ['revocast'];
    expect(planOf({ quick: false, rounds: 12, rules: 0, algorithms: ['EdDSA'], contenders })).toMatchObject({
      http: { rounds: 12, rules: 0, algorithms: ['EdDSA'], contenders },
      latency: { rounds: 12, rules: 0 },
      sizes: { rounds: 12 },
    });
  });
});
