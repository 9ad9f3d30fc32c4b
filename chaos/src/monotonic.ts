/** Milliseconds of the host's monotonic clock, which all processes of the suite share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
