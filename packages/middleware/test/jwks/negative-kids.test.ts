import { describe, expect, it } from '@jest/globals';
import { NegativeKids } from '../../src/jwks/negative-kids.ts';

describe('negative kids', () => {
  const remember = (max = 1_000) => new NegativeKids({ max, lifetimeMs: 10_000 });

  it('are refuted by a refresh started after they were first seen', () => {
    const kids = remember();
    expect(kids.see('a', 4)).toBe(4);
    expect(kids.isRefuted('a', 0)).toBe(false);
    kids.settle(5, 0);
    expect(kids.isRefuted('a', 0)).toBe(true);
  });

  it('are not refuted by a refresh that was running when they were first seen', () => {
    const kids = remember();
    kids.see('a', 4);
    kids.settle(4, 0);
    expect(kids.isRefuted('a', 0)).toBe(false);
  });

  it('keep the first refresh number of a kid that is seen again', () => {
    const kids = remember();
    kids.see('a', 4);
    expect(kids.see('a', 7)).toBe(4);
  });

  it('are kept below the lifetime and removed at it', () => {
    const kids = remember();
    kids.see('a', 0);
    kids.settle(1, 500);
    expect(kids.isRefuted('a', 10_499)).toBe(true);
    expect(kids.isRefuted('a', 10_500)).toBe(false);
    expect(kids.size).toBe(0);
  });

  it('are removed by the next successful refresh', () => {
    const kids = remember();
    kids.see('a', 0);
    kids.settle(1, 0);
    kids.settle(2, 1);
    expect(kids.isRefuted('a', 1)).toBe(false);
    expect(kids.size).toBe(0);
  });

  it('are bounded', () => {
    const kids = remember(10);
    for (let at = 0; at < 1_000; at += 1) kids.see(`kid-${at}`, 0);
    expect(kids.size).toBe(10);
  });

  it('are not displaced by other kids, which any token can name', () => {
    const kids = remember(2);
    kids.see('a', 0);
    kids.see('b', 0);
    kids.settle(1, 0);
    for (let at = 0; at < 1_000; at += 1) kids.see(`kid-${at}`, 1);
    expect([kids.isRefuted('a', 1), kids.isRefuted('b', 1)]).toEqual([true, true]);
  });
});
