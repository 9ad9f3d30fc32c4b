import type { Point, Series } from './series.ts';
import { median, theilSenSlope } from './slope.ts';

const tenMinutesMs = 600_000;
/** Maximum growth of the resident memory and of the heap of a process, in bytes in ten minutes. */
export const maxMemoryGrowth = 1_000_000;
/** Maximum difference of the number of open handles from its median. */
export const maxHandlesOff = 2;
/** Maximum growth of the number of open handles in ten minutes. Half an hour does not show a slower leak. */
const maxHandlesGrowth = 1;
/** Maximum growth of a collection in ten minutes. The tolerance covers steps, such as a prune or a node of a stream. */
const maxSizeGrowth = (level: number) => 0.02 * level + 20;

export interface SeriesVerdict {
  readonly name: string;
  /** Median after the warm-up. */
  readonly level: number;
  /** By the Theil–Sen slope of the points after the warm-up. */
  readonly growthPer10Min: number;
  /** The largest difference from the median. */
  readonly mostOff: number;
  /** One sentence, if a limit is exceeded. */
  readonly violation?: string;
}

/** The points after the first third, in which caches fill, code is compiled and the heap grows to its usual size. */
export function afterWarmUp(points: readonly Point[]): readonly Point[] {
  const endMs = points.at(-1)?.atMs ?? 0;
  return points.filter(({ atMs }) => atMs >= endMs / 3);
}

/** Judges one figure of a soak. */
export function judgeSeries({ name, kind, points }: Series): SeriesVerdict {
  const judged = afterWarmUp(points);
  const level = median(judged.map(({ value }) => value));
  const growthPer10Min = theilSenSlope(judged) * tenMinutesMs;
  const mostOff = Math.max(0, ...judged.map(({ value }) => Math.abs(value - level)));
  const figures = { name, level, growthPer10Min, mostOff };
  const violated = (what: string) => ({ ...figures, violation: `${name} ${what}` });
  const per = `${Math.round(growthPer10Min)} in ten minutes`;
  switch (kind) {
    case 'memory':
      return growthPer10Min < maxMemoryGrowth
        ? figures
        : violated(`grows by ${per}; the limit is ${maxMemoryGrowth} bytes`);
    case 'handles':
      if (mostOff > maxHandlesOff) return violated(`differs from its median of ${level} by ${mostOff}`);
      return growthPer10Min <= maxHandlesGrowth ? figures : violated(`grows by ${per}`);
    case 'size': {
      const allowed = Math.round(maxSizeGrowth(level));
      return growthPer10Min <= allowed
        ? figures
        : violated(`grows by ${per}; the limit is ${allowed} at a level of ${level}`);
    }
  }
}
