/** How long a number of things took, in milliseconds. Every figure is one that was measured, none is interpolated. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** @returns undefined of nothing: no figure is better than a 0 that nobody measured. */
export function percentilesOf(values: readonly number[]): Percentiles | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const max = sorted.at(-1);
  if (max === undefined) return undefined;
  // Nearest rank: the smallest value that at least this share does not exceed.
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? max;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max };
}
