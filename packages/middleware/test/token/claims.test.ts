import { describe, expect, it } from '@jest/globals';
import { profiles } from '../../src/options/profiles.ts';
import {
  checkExpiry,
  checkIssuedAt,
  checkLifetime,
  checkNotBefore,
  futureIssueAllowanceMs,
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
  ])('%p with a tolerance of %d ms at second 1000: %s', (nbf, clockToleranceMs, reason) => {
    expect(checkNotBefore(token(nbf === undefined ? {} : { nbf }, { clockToleranceMs }))).toBe(reason);
  });
});

describe('iat', () => {
  it('may be in the future by the tolerance, but not so far that a rule would end before its tokens', () => {
    expect(futureIssueAllowanceMs(5 * second)).toBe(5 * second);
    expect(futureIssueAllowanceMs(150 * second)).toBe(150 * second);
    expect(futureIssueAllowanceMs(200 * second)).toBe(100 * second);
    expect(futureIssueAllowanceMs(300 * second)).toBe(0);
  });

  it.each([
    [1000, undefined],
    [1000.001, 'not_yet_valid'],
  ])('%d at the greatest tolerance at second 1000: %s', (iat, reason) => {
    expect(checkIssuedAt(token({ iat }, { clockToleranceMs: 300 * second }))).toBe(reason);
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
