import { describe, expect, it } from '@jest/globals';
import { histogramBetween, quantileOf } from '../../src/report/histogram.ts';
import { parsePrometheusText, sumBy, sumOf } from '../../src/report/prometheus-text.ts';

const scrape = (counts: readonly [number, number, number]): ReturnType<typeof parsePrometheusText> =>
  parsePrometheusText(
    [
      '# HELP latency_seconds how long',
      '# TYPE latency_seconds histogram',
      `latency_seconds_bucket{le="0.001",dimension="token"} ${counts[0]}`,
      `latency_seconds_bucket{le="0.005",dimension="token"} ${counts[1]}`,
      `latency_seconds_bucket{le="+Inf",dimension="token"} ${counts[2]}`,
      `latency_seconds_bucket{le="+Inf",dimension="session"} 0`,
      '',
    ].join('\n'),
  );

describe('a scrape', () => {
  it('is parsed with labels, escapes and infinities, without comments', () => {
    const samples = parsePrometheusText(
      '# TYPE a gauge\na{x="1",y="q\\"},z"} 2\nb 1.5e3\nc +Inf 1700000000\nnonsense\n',
    );
    expect(samples).toEqual([
      { name: 'a', labels: { x: '1', y: 'q\\"},z' }, value: 2 },
      { name: 'b', labels: {}, value: 1500 },
      { name: 'c', labels: {}, value: Infinity },
    ]);
  });

  it('is summed over all series, over series with a label, or by a label', () => {
    const samples = parsePrometheusText('n{a="x",b="1"} 1\nn{a="x",b="2"} 2\nn{a="y",b="1"} 4\nother 8');
    expect(sumOf(samples, 'n')).toBe(7);
    expect(sumOf(samples, 'n', { b: '1' })).toBe(5);
    expect(sumOf(samples, 'absent')).toBe(0);
    expect([...sumBy(samples, 'n', 'a')]).toEqual([
      ['x', 3],
      ['y', 4],
    ]);
  });
});

describe('a histogram between two scrapes', () => {
  it('counts only the growth', () => {
    const between = histogramBetween(scrape([5, 5, 6]), scrape([7, 11, 16]), 'latency_seconds');
    expect(between.count).toBe(10);
    expect(between.buckets.map(({ count }) => count)).toEqual([2, 6, 10]);
  });

  it('interpolates quantiles within a bucket, and returns the lower bound in the last one', () => {
    const histogram = histogramBetween([], scrape([2, 6, 10]), 'latency_seconds');
    expect(quantileOf(histogram, 0.2)).toBeCloseTo(0.001);
    expect(quantileOf(histogram, 0.1)).toBeCloseTo(0.0005);
    expect(quantileOf(histogram, 0.4)).toBeCloseTo(0.003);
    expect(quantileOf(histogram, 0.6)).toBeCloseTo(0.005);
    expect(quantileOf(histogram, 0.99)).toBe(0.005);
  });

  it('without samples has no quantile', () => {
    expect(quantileOf(histogramBetween([], [], 'latency_seconds'), 0.5)).toBeUndefined();
  });
});
