import { type Sample, sumOf } from './prometheus-text.ts';

/** The growth of a histogram between two scrapes: counts up to each bound (`le`), cumulative as in Prometheus. */
export interface Histogram {
  readonly count: number;
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
}

/** The growth from `before` to `after`, summed over all series of the histogram `name`. */
export function histogramBetween(before: readonly Sample[], after: readonly Sample[], name: string): Histogram {
  const bucket = `${name}_bucket`;
  const texts = new Set(after.filter((sample) => sample.name === bucket).map(({ labels }) => labels['le'] ?? ''));
  const buckets = [...texts].map((le) => ({
    bound: le === '+Inf' ? Infinity : Number(le),
    count: sumOf(after, bucket, { le }) - sumOf(before, bucket, { le }),
  }));
  buckets.sort((a, b) => a.bound - b.bound);
  return { count: buckets.at(-1)?.count ?? 0, buckets };
}

/**
 * The quantile as in `histogram_quantile` of Prometheus: interpolated linearly within its bucket. In the last bucket,
 * which has no upper bound, it is the lower bound.
 *
 * @param quantile 0–1
 * @returns undefined for an empty histogram
 */
export function quantileOf({ count, buckets }: Histogram, quantile: number): number | undefined {
  if (count === 0) return undefined;
  const rank = quantile * count;
  const index = buckets.findIndex((bucket) => bucket.count >= rank);
  const [bucket, lower] = [buckets[index], buckets[index - 1] ?? { bound: 0, count: 0 }];
  if (bucket === undefined) return undefined;
  if (bucket.bound === Infinity) return lower.bound;
  const within = bucket.count - lower.count;
  const share = within === 0 ? 1 : (rank - lower.count) / within;
  return lower.bound + (bucket.bound - lower.bound) * share;
}
