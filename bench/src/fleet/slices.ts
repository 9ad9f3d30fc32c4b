import { ascending, quantile, type Summary, summarize } from '../report/statistics.ts';
import type { Hop } from './seen.ts';

/**
 * Groups latencies by the time of sending, in slices of `sliceMs` from the first one. The last slice is left out, because
 * it can be incomplete, unless it is the only one.
 */
export function slicesOf(hops: readonly Hop[], sliceMs: number): number[][] {
  const first = hops.reduce((least, { sentAtMs }) => Math.min(least, sentAtMs), Number.POSITIVE_INFINITY);
  const slices: number[][] = [];
  for (const { sentAtMs, latencyMs } of hops) {
    const at = Math.floor((sentAtMs - first) / sliceMs);
    slices[at] ??= [];
    slices[at].push(latencyMs);
  }
  // A slice in which nothing was sent is a hole in the array.
  return Array.from(slices, (slice) => slice ?? []).slice(0, Math.max(1, slices.length - 1));
}

/** A quantile of all latencies, with the spread of the quantiles of the slices. */
export function quantileOf(hops: readonly Hop[], q: number, sliceMs: number): Summary {
  const perSlice = slicesOf(hops, sliceMs).map((slice) => quantile(ascending(slice), q));
  const median = quantile(ascending(hops.map(({ latencyMs }) => latencyMs)), q);
  return { ...summarize(perSlice), median };
}
