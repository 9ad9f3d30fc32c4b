import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from '../../src/jwks/token-bucket.ts';

const takeAll = (bucket: TokenBucket, nowMs: number) => {
  let taken = 0;
  while (bucket.tryTake(nowMs)) taken += 1;
  return taken;
};

describe('a token bucket of 3, refilled one each 10 s', () => {
  const fresh = (nowMs = 0) => new TokenBucket({ burst: 3, intervalMs: 10_000, nowMs });

  it('allows its burst at once and then nothing', () => {
    expect(takeAll(fresh(), 0)).toBe(3);
  });

  it('allows one more at the interval, and not one millisecond before', () => {
    const bucket = fresh(5);
    takeAll(bucket, 5);
    expect(bucket.tryTake(10_004)).toBe(false);
    expect(takeAll(bucket, 10_005)).toBe(1);
  });

  it('keeps the elapsed part of an interval', () => {
    const bucket = fresh();
    takeAll(bucket, 0);
    expect(takeAll(bucket, 19_999)).toBe(1);
    expect(takeAll(bucket, 20_000)).toBe(1);
  });

  it('holds at most its burst', () => {
    const bucket = fresh();
    takeAll(bucket, 0);
    expect(takeAll(bucket, 1_000_000)).toBe(3);
  });

  it('starts the interval of a full bucket when a token is taken', () => {
    const bucket = fresh();
    expect(takeAll(bucket, 99_999)).toBe(3);
    expect(bucket.tryTake(109_998)).toBe(false);
    expect(bucket.tryTake(109_999)).toBe(true);
  });
});
