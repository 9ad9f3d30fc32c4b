import { percentilesOf } from '@revocast/denylist/replica';

/** Samples in milliseconds. All figures are zero without samples. */
export interface Summary {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function summarize(samples: readonly number[]): Summary {
  const { count, p50, p99, max } = percentilesOf(samples) ?? { count: 0, p50: 0, p99: 0, max: 0 };
  return { samples: count, p50Ms: roundMs(p50), p99Ms: roundMs(p99), maxMs: roundMs(max) };
}

/** Rounds to a microsecond, the precision of the clock. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
