import { type Summary, summarize } from '../report/statistics.ts';

export interface Timed {
  /** What one pass does so often. */
  readonly operations: number;
  readonly passes: number;
  /** Not timed: what a pass uses up. */
  readonly before?: () => void;
  readonly pass: () => void;
}

/** Nanoseconds an operation. One pass goes before and does not count: it is the compiler's. */
export function timeNs({ operations, passes, before, pass }: Timed): Summary {
  const ns: number[] = [];
  for (let count = -1; count < passes; count++) {
    before?.();
    const at = performance.now();
    pass();
    if (count >= 0) ns.push(((performance.now() - at) / operations) * 1e6);
  }
  return summarize(ns);
}

export async function timeMs(passes: number, pass: () => unknown): Promise<Summary> {
  const ms: number[] = [];
  for (let count = 0; count < passes; count++) {
    const at = performance.now();
    pass();
    ms.push(performance.now() - at);
    await new Promise(setImmediate);
  }
  return summarize(ms);
}
