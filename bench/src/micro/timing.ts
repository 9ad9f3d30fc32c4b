import { type Summary, summarize } from '../report/statistics.ts';

export interface Timed {
  /** Number of operations of one pass. */
  readonly operations: number;
  readonly passes: number;
  /** Prepares each pass; not timed. */
  readonly before?: () => void;
  readonly pass: () => void;
}

/** Nanoseconds for each operation. The first pass is not counted, because V8 compiles the code in it. */
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
