/** The summary of a figure that was measured several times. */
export interface Summary {
  readonly median: number;
  /** Half the distance between the quartiles, in the unit of the figure. */
  readonly spread: number;
  readonly rounds: number;
}

/** NaN (nothing was measured) is left out. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2,
    rounds: sorted.length,
  };
}

/** @param sorted ascending. @returns NaN for an empty list. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

export function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Divides by the value of the same round, so that a slow round of the machine affects both values. */
export function ratios(values: readonly number[], of: readonly number[]): number[] {
  return values.map((value, round) => value / (of[round] ?? Number.NaN));
}

/** Subtracts the value of the same round. */
export function differences(values: readonly number[], from: readonly number[]): number[] {
  return values.map((value, round) => value - (from[round] ?? Number.NaN));
}
