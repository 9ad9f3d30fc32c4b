import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from '../../src/jwks/token-bucket.ts';

const takeAll = (bucket: TokenBucket, nowMs: number) => {
  let taken = 0;
  while (bucket.tryTake(nowMs)) taken += 1;
  return taken;
};

describe('a token bucket of 3, refilled one each 10 s', () => {
  const fresh = () => new TokenBucket({ burst: 3, intervalMs: 10_000 });

  it('allows its burst at once and then nothing', () => {
    expect(takeAll(fresh(), 0)).toBe(3);
  });

  it('allows one more at the interval, and not one millisecond before', () => {
    const bucket = fresh();
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

  it('names the wait for the next one', () => {
    const bucket = fresh();
    expect(bucket.waitMs(5)).toBe(0);
    takeAll(bucket, 5);
    expect([bucket.waitMs(5), bucket.waitMs(10_004), bucket.waitMs(10_005)]).toEqual([10_000, 1, 0]);
  });

  it('leaves what a less important caller must not take', () => {
    const bucket = fresh();
    expect([0, 0, 0].map(() => bucket.tryTake(0, 2))).toEqual([true, false, false]);
    expect(bucket.waitMs(0, 2)).toBe(10_000);
    expect(takeAll(bucket, 0)).toBe(2);
    expect(bucket.waitMs(0, 2)).toBe(30_000);
  });
});
