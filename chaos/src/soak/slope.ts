import type { Point } from './series.ts';

/**
 * The Theil–Sen slope: the median of the slopes between all pairs of points, in units a millisecond. Up to 29 % of the
 * points may be anything (a garbage collection that was late, a page that the kernel took back) without moving it.
 *
 * @returns 0 for fewer than two points.
 */
export function theilSenSlope(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [index, a] of points.entries()) {
    for (const b of points.slice(index + 1)) {
      if (b.atMs !== a.atMs) slopes.push((b.value - a.value) / (b.atMs - a.atMs));
    }
  }
  return median(slopes);
}

/** @returns 0 for nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
