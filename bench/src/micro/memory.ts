declare const gc: undefined | (() => void);

/** Bytes in use after everything that can be freed was; needs `--expose-gc`. */
export function settledBytes(): number {
  if (gc === undefined) throw new Error('start this with --expose-gc');
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
