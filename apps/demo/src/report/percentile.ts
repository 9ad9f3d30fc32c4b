/** Samples in milliseconds, summed up. All zero when there are none. */
export interface Summary {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * The smallest sample that at least `percent` of all samples do not exceed (nearest rank): a value that was measured,
 * never one between two.
 *
 * @param percent above 0, up to 100
 * @throws RangeError without samples
 */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('a percentile of no samples');
  return found;
}

export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) return { samples: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
  return {
    samples: samples.length,
    p50Ms: roundMs(percentile(samples, 50)),
    p99Ms: roundMs(percentile(samples, 99)),
    maxMs: roundMs(percentile(samples, 100)),
  };
}

/** To the microsecond; what is below that is the clock's noise. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
