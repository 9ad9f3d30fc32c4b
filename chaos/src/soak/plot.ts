import type { Point } from './series.ts';

const bars = '▁▂▃▄▅▆▇█';

/** One bar for each interval of time. Its height is the mean of the interval, between the smallest and the largest mean. */
export function plotLine(points: readonly Point[], width = 60): string {
  const endMs = points.at(-1)?.atMs ?? 0;
  const columns: number[][] = Array.from({ length: width }, () => []);
  for (const { atMs, value } of points) columns[Math.min(width - 1, Math.floor((atMs / endMs) * width))]?.push(value);
  const means = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / column.length);
  const seen = means.filter((mean) => !Number.isNaN(mean));
  const least = Math.min(...seen);
  const range = Math.max(...seen) - least;
  const bar = (mean: number) =>
    Number.isNaN(mean) ? ' ' : bars.charAt(range === 0 ? 0 : Math.round(((mean - least) / range) * (bars.length - 1)));
  return means.map(bar).join('');
}
