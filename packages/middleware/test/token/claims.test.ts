import { describe, expect, it } from '@jest/globals';
import { backdatingSeconds, ruleMarginSeconds } from '@revocast/denylist/replica';
import fc from 'fast-check';
import { profiles } from '../../src/options/profiles.ts';
import {
  boundedToleranceMs,
  checkExpiry,
  checkIssuedAt,
  checkLifetime,
  checkNotBefore,
  type TokenUnderTest,
} from '../../src/token/claims.ts';

const second = 1000;

function token(
  claims: Record<string, unknown>,
  changes: Partial<TokenUnderTest['policy']> = {},
  nowMs = 1_000_000,
): TokenUnderTest {
  const policy = {
    ...profiles.rfc9068,
    audience: ['a'],
    algorithms: ['ES256'],
    clockToleranceMs: 0,
    iatToleranceMs: undefined,
    maxTokenAgeMs: undefined,
    maxTokenLifetimeMs: 60 * second,
    ...changes,
  };
  return { header: { alg: 'ES256' }, claims, policy, nowMs };
}

describe('exp', () => {
  it.each([
    [999, 0, 'expired'],
    [1000, 0, 'expired'],
    [1000.001, 0, undefined],
    [995, 5 * second, 'expired'],
    [995.001, 5 * second, undefined],
  ])('%d with a tolerance of %d ms at second 1000: %s', (exp, clockToleranceMs, reason) => {
    expect(checkExpiry(token({ exp }, { clockToleranceMs }))).toBe(reason);
  });
});

describe('nbf', () => {
  it.each([
    [undefined, 0, undefined],
    [1000, 0, undefined],
    [1000.001, 0, 'not_yet_valid'],
    [1005, 5 * second, undefined],
    [1005.001, 5 * second, 'not_yet_valid'],
    [null, 0, undefined],
  ])('%p with a tolerance of %d ms at second 1000: %s', (nbf, clockToleranceMs, reason) => {
    expect(checkNotBefore(token(nbf === undefined ? {} : { nbf }, { clockToleranceMs }))).toBe(reason);
  });
});

describe('iat', () => {
  it.each([
    [1005, 5 * second, undefined],
    [1005.001, 5 * second, 'not_yet_valid'],
    [1150, 150 * second, undefined],
    [1150, 300 * second, undefined],
  ])('%d with a tolerance of %d ms at second 1000: %s', (iat, iatToleranceMs, reason) => {
    expect(checkIssuedAt(token({ iat }, { iatToleranceMs }))).toBe(reason);
  });
});

describe('a larger tolerance', () => {
  const tolerance = fc.integer({ min: 0, max: 300 * second });
  const checks = { exp: checkExpiry, nbf: checkNotBefore, iat: checkIssuedAt };

  it.each(['exp', 'nbf', 'iat'] as const)('never makes the check of %s stricter', (claim) => {
    const seconds = fc.double({ min: 600, max: 1400, noNaN: true });
    fc.assert(
      fc.property(tolerance, tolerance, seconds, (one, other, value) => {
        const accepts = (clockToleranceMs: number) =>
          checks[claim](token({ [claim]: value }, { clockToleranceMs })) === undefined;
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect({ less, more, stricter: accepts(less) && !accepts(more) }).toEqual({ less, more, stricter: false });
      }),
    );
  });

  it('never accepts a token longer than a rule is kept: exp, iat and dating back together use at most the margin', () => {
    expect(2 * boundedToleranceMs(300 * second) + backdatingSeconds * second).toBe(ruleMarginSeconds * second);
  });
});

describe('the lifetime', () => {
  it.each([
    [59, undefined],
    [60, undefined],
    [60.001, 'too_long_lived'],
  ])('is %d s with a bound of 60 s: %s', (lifetime, reason) => {
    expect(checkLifetime(token({ iat: 900, exp: 900 + lifetime }))).toBe(reason);
  });
});
