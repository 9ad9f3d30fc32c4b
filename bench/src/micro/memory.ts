declare const gc: undefined | (() => void);

/** Bytes in use after a garbage collection. @throws Error without `--expose-gc`. */
export function settledBytes(): number {
  if (gc === undefined) throw new Error('start this process with --expose-gc');
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
