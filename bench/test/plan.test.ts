import { describe, expect, it } from '@jest/globals';
import { defaultMaxStalenessMs } from '@revocast/denylist/replica';
import { planOf } from '../src/plan.ts';

const full = { quick: false, rounds: undefined, rules: undefined, algorithms: undefined, contenders: undefined };

describe('the sizes of a run', () => {
  it('warm every contender up until V8 of every version of Node has stopped recompiling', () => {
    const { http, sizes, latency, flood, attack } = planOf(full);
    for (const warmUp of [http.warmUp.warm, sizes.warmUp, latency.warmUp, flood.warmUp, attack.warmUp]) {
      expect(warmUp).toBeGreaterThan(22_000);
    }
  });

  it('have at least ten rounds of latency', () => {
    expect(planOf(full).latency.rounds).toBeGreaterThanOrEqual(10);
  });

  it('attack for longer than a proof of freshness is valid by default', () => {
    expect(planOf(full).attack.seconds * 1000).toBeGreaterThan(defaultMaxStalenessMs);
  });

  it('measure the goals of a sidecar with a million rules and 100,000 revocations, after a minute', () => {
    const { rules, burst } = planOf(full).sidecar;
    expect({ rules, revocations: burst.perSecond * burst.seconds, settleSeconds: burst.settleSeconds }).toEqual({
      ...{ rules: 1_000_000, revocations: 100_000, settleSeconds: 60 },
    });
  });

  it.each([true, false])('include the reference size (quick: %s)', (quick) => {
    const { sizes } = planOf({ ...full, quick });
    expect(sizes.sizes).toContain(sizes.reference);
  });

  it.each([true, false])('have the early second of the sustained load before its end (quick: %s)', (quick) => {
    const { sustained } = planOf({ ...full, quick });
    expect(sustained.early).toBeLessThan(sustained.seconds);
  });

  it('follow the command line', () => {
    const contenders = ['revocast'];
    expect(planOf({ quick: false, rounds: 12, rules: 0, algorithms: ['EdDSA'], contenders })).toMatchObject({
      http: { rounds: 12, rules: 0, algorithms: ['EdDSA'], contenders },
      latency: { rounds: 12, rules: 0 },
      sizes: { rounds: 12 },
    });
  });
});
