import { describe, expect, it } from '@jest/globals';
import { defaultKeySetLimits, keySetLimitTable } from '../../src/jwks/limits.ts';

describe('the limits of a key set cache', () => {
  it.each(Object.entries(keySetLimitTable))('%s: the default lies within its bounds', (name, spec) => {
    expect(spec.min).toBeLessThanOrEqual(spec.default);
    expect(spec.default).toBeLessThanOrEqual(spec.max);
    expect(spec.meaning).toMatch(/\.$/);
    expect(Object.entries(defaultKeySetLimits)).toContainEqual([name, spec.default]);
  });

  it('has a default for every limit, and no other', () => {
    expect(Object.keys(defaultKeySetLimits)).toEqual(Object.keys(keySetLimitTable));
  });

  it('orders its ages', () => {
    const { minSoftAgeMs, softAgeMs, hardAgeMs } = defaultKeySetLimits;
    expect([minSoftAgeMs, softAgeMs, hardAgeMs]).toEqual([60_000, 300_000, 3_600_000]);
  });
});
