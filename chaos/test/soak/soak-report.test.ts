import { describe, expect, it } from '@jest/globals';
import type { Point, Series } from '../../src/soak/series.ts';
import { drawSoak, reportOf } from '../../src/soak/soak.ts';

const flat = (value: number): Point[] => Array.from({ length: 30 }, (_, index) => ({ atMs: index * 5000, value }));
const growing: Point[] = Array.from({ length: 30 }, (_, index) => ({ atMs: index * 5000, value: index * 1e6 }));
const sound: Series[] = [
  { name: 'a1 rss', kind: 'memory', points: flat(9e7) },
  { name: 'log stream', kind: 'size', points: flat(12_000) },
];
const counted = { soakMinutes: 30, requests: 10, statements: 2, unavailableAtMs: [], wrong: [] };

describe('the report of a soak', () => {
  it('has no violation when nothing grows and every answer is correct', () => {
    expect(reportOf(sound, counted)).toMatchObject({
      soakMinutes: 30,
      violations: [],
      wrongAnswers: 0,
      worstRssGrowth: 0,
      figures: [{ name: 'a1 rss', level: 9e7 }, { name: 'log stream' }],
    });
  });

  it.each([
    ['memory that grows', { series: [{ name: 'a1 rss', kind: 'memory' as const, points: growing }], counted }],
    ['a wrong answer', { series: sound, counted: { ...counted, wrong: ['a1 answered 200'] } }],
    ['an answer 503', { series: sound, counted: { ...counted, unavailableAtMs: [1000] } }],
  ])('has a violation for %s', (_title, { series, counted: all }) => {
    expect(reportOf(series, all).violations).toHaveLength(1);
  });

  it('names the period of the answers 503', () => {
    const { violations, unavailable } = reportOf(sound, { ...counted, unavailableAtMs: [7000, 3000, 3100] });
    expect(violations).toEqual(['3 requests were answered 503, between second 3 and 7']);
    expect(unavailable).toBe(3);
  });

  it('draws one line with a plot for each figure', () => {
    const [rss, stream] = drawSoak(reportOf([{ ...sound[0]!, points: growing }, sound[1]!], counted));
    expect(rss).toMatch(/^a1 rss .* \+\d+\/10 min {2}▁[▁-█ ]*█ {2}!$/);
    expect(stream).toMatch(/^log stream +12000 +\+0\/10 min {2}[▁ ]+$/);
  });
});
