import { describe, expect, it } from '@jest/globals';
import { active, digestSetOf } from '@revocast/denylist/replica';
import { VerdictMemo } from '../../src/revocation/verdict-memo.ts';

const digests = digestSetOf([{ dimension: 'token', issuer: 'i', value: 'v' }]);

describe('a remembered verdict', () => {
  it.each([
    [999, active],
    [1000, undefined],
    [1001, undefined],
  ])('counts for less than a second from before it was asked: %d ms', (ageMs, verdict) => {
    const memo = new VerdictMemo();
    memo.remember(digests, 1, { verdict: active, askedAtMs: 50 });
    expect(memo.recall(digests, 1, 50 + ageMs)).toBe(verdict);
  });

  it('is one token, with one iat: a cutoff may cover one and not the other', () => {
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
