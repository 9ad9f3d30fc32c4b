/** Milliseconds of the host's monotonic clock: one clock for all processes of the suite. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
