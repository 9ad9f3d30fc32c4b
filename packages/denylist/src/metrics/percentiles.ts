/** Percentiles by nearest rank: each one is a measured value, and none is interpolated. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** @returns undefined without values: a 0 would look like a measurement. */
export function percentilesOf(values: readonly number[]): Percentiles | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const max = sorted.at(-1);
  if (max === undefined) return undefined;
  // The smallest value that at least this share of all values does not exceed.
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? max;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max };
}
