import { describe, expect, it } from '@jest/globals';
import { Backoff } from '../../src/replication/backoff.ts';

const pauses = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.nextMs());

describe('the pause between attempts', () => {
  it('doubles up to its bound', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random: () => 1 });
    expect(pauses(backoff, 7)).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  });

  it('is drawn from everything below that, so that a fleet does not return as one', () => {
    const drawn = [0.5, 0.25, 0.75];
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random: () => drawn.shift() ?? 0 });
    expect(pauses(backoff, 3)).toEqual([50, 50, 300]);
  });

  it('is never a hot loop', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random: () => 0 });
    expect(pauses(backoff, 3)).toEqual([10, 10, 10]);
  });

  it('begins anew after a success', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random: () => 1 });
    pauses(backoff, 5);
    backoff.succeeded();
    expect(backoff.nextMs()).toBe(100);
  });

  it('stays at its bound after weeks of failures', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000, random: () => 1 });
    expect(pauses(backoff, 5000).at(-1)).toBe(2000);
  });
});
