import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@revocast/test-support/seeded-random';
import type { SeriesKind } from '../../src/soak/series.ts';
import { afterWarmUp, judgeSeries, maxHandlesOff, maxMemoryGrowth } from '../../src/soak/verdict.ts';

const everyMs = 5000;
const samples = 360;
const tenMinutes = 600_000 / everyMs;

/** The verdict about thirty minutes of samples. */
const judged = (kind: SeriesKind, valueAt: (index: number) => number) =>
  judgeSeries({
    name: 'a1 figure',
    kind,
    points: Array.from({ length: samples }, (_, index) => ({ atMs: index * everyMs, value: valueAt(index) })),
  });

/** A process without a leak: caches fill, then garbage collections give a sawtooth with noise. */
function soundMemory() {
  const random = seededRandom(7);
  return (index: number) =>
    90e6 + 40e6 * (1 - Math.exp(-index / 20)) + 4e6 * ((index % 13) / 13) + 2e6 * (random() - 0.5);
}

describe('memory', () => {
  it('of a process without a leak passes, although it grows during the warm-up', () => {
    expect(judged('memory', soundMemory()).violation).toBeUndefined();
  });

  it('with a leak of twice the limit and the same noise is found', () => {
    const sound = soundMemory();
    const leaking = judged('memory', (index) => sound(index) + (2 * maxMemoryGrowth * index) / tenMinutes);
    expect(leaking.violation).toContain('a1 figure grows by');
  });

  it.each([
    [-1, true],
    [0, false],
    [1, false],
  ])('that grows by the limit and %i bytes in ten minutes passes: %s', (more, sound) => {
    const { violation } = judged('memory', (index) => ((maxMemoryGrowth + more) * index) / tenMinutes);
    expect(violation === undefined).toBe(sound);
  });

  it('that one late garbage collection raises for a minute passes', () => {
    const sound = soundMemory();
    const bump = (index: number) => (index >= 340 && index < 352 ? 60e6 : 0);
    expect(judged('memory', (index) => sound(index) + bump(index)).violation).toBeUndefined();
  });

  it('that shrinks passes', () => {
    expect(judged('memory', (index) => 1e9 - index * 1e6).violation).toBeUndefined();
  });
});

describe('handles', () => {
  it.each([
    [maxHandlesOff - 1, true],
    [maxHandlesOff, true],
    [maxHandlesOff + 1, false],
  ])('that once differ by %i from their median pass: %s', (off, sound) => {
    expect(judged('handles', (index) => (index === 300 ? 11 + off : 11)).violation === undefined).toBe(sound);
    expect(judged('handles', (index) => (index === 300 ? 11 - off : 11)).violation === undefined).toBe(sound);
  });

  it('have no limit during the warm-up', () => {
    expect(judged('handles', (index) => (index < 100 ? 50 : 11)).violation).toBeUndefined();
  });

  it('that leak once in five minutes are found', () => {
    expect(judged('handles', (index) => 11 + Math.floor(index / 60)).violation).toContain('grows by 2');
  });

  it('that are opened and closed pass', () => {
    expect(judged('handles', (index) => 11 + (index % 3)).violation).toBeUndefined();
  });
});

describe('the size of a collection', () => {
  it('passes when as many items leave as arrive, in steps', () => {
    expect(judged('size', (index) => 12_000 + (index % 20) * 100).violation).toBeUndefined();
  });

  it('is found to grow when two items a second arrive and none leaves', () => {
    expect(judged('size', (index) => 12_000 + index * 10).violation).toContain('grows by 1200 in ten minutes');
  });

  it('may grow by a fiftieth and 20 items in ten minutes', () => {
    const growing = (level: number, growth: number) =>
      judged('size', (index) => level + (growth * (index - 240)) / tenMinutes).violation === undefined;
    expect(growing(10_000, 219)).toBe(true);
    expect(growing(10_000, 222)).toBe(false);
    expect(growing(2, 19)).toBe(true);
    expect(growing(2, 22)).toBe(false);
  });
});

describe('the warm-up', () => {
  it('is the first third', () => {
    const points = [0, 29, 30, 60, 90].map((atMs) => ({ atMs, value: 1 }));
    expect(afterWarmUp(points).map(({ atMs }) => atMs)).toEqual([30, 60, 90]);
  });
});
