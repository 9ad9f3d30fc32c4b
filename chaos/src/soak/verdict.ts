import type { Point, Series } from './series.ts';
import { median, theilSenSlope } from './slope.ts';

const tenMinutesMs = 600_000;
/** Memory of a process, resident and heap after a collection: bytes a ten minutes. */
export const maxMemoryGrowth = 1_000_000;
/** Sockets and the like: from their median, either way. */
export const maxHandlesOff = 2;
/** A slower leak of handles does not show in half an hour; a quicker one shows here before it is off by two. */
const maxHandlesGrowth = 1;
/** Collections: what comes and goes in steps (a slice of a prune, a node of a stream) must not be taken for growth. */
const maxSizeGrowth = (level: number) => 0.02 * level + 20;

export interface SeriesVerdict {
  readonly name: string;
  /** Median after the warm-up. */
  readonly level: number;
  /** By a robust slope over what follows the warm-up. */
  readonly growthPer10Min: number;
  /** Farthest from the median. */
  readonly mostOff: number;
  /** A sentence when it is not as it must be. */
  readonly violation?: string;
}

/** The first third: caches fill, code is compiled, the heap finds its size. */
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
  const said = (what: string) => ({ ...figures, violation: `${name} ${what}` });
  const per = `${Math.round(growthPer10Min)} in ten minutes`;
  switch (kind) {
    case 'memory':
      return growthPer10Min < maxMemoryGrowth ? figures : said(`grows by ${per}; allowed are ${maxMemoryGrowth} bytes`);
    case 'handles':
      if (mostOff > maxHandlesOff) return said(`is off its median of ${level} by ${mostOff}`);
      return growthPer10Min <= maxHandlesGrowth ? figures : said(`grows by ${per}`);
    case 'size': {
      const allowed = Math.round(maxSizeGrowth(level));
      return growthPer10Min <= allowed
        ? figures
        : said(`grows by ${per}; allowed are ${allowed} at a level of ${level}`);
    }
  }
}
