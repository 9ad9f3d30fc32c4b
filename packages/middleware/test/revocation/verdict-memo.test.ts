import { describe, expect, it } from '@jest/globals';
import { active, digestSetOf } from '@revocast/denylist/replica';
import { VerdictMemo } from '../../src/revocation/verdict-memo.ts';

const digests = digestSetOf([{ dimension: 'token', issuer: 'i', value: 'v' }]);

describe('a remembered verdict', () => {
  it.each([
    [999, active],
    [1000, undefined],
    [1001, undefined],
  ])('is used for less than a second from the start of its look-up: %d ms', (ageMs, verdict) => {
    const memo = new VerdictMemo();
    memo.remember(digests, 1, { verdict: active, askedAtMs: 50 });
    expect(memo.recall(digests, 1, 50 + ageMs)).toBe(verdict);
  });

  it('is used only for the same token and iat: a cutoff may cover only one of two', () => {
    const memo = new VerdictMemo();
    memo.remember(digests, 1, { verdict: active, askedAtMs: 0 });
    expect(memo.recall(digests, 2, 0)).toBeUndefined();
  });

  it('is never "unknown"', () => {
    const memo = new VerdictMemo();
    memo.remember(digests, 1, { verdict: { verdict: 'unknown', cause: 'lookup_busy' }, askedAtMs: 0 });
    expect(memo.recall(digests, 1, 0)).toBeUndefined();
  });
});
