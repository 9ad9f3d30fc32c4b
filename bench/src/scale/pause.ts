/** The pause of a reader between two attempts, as in `replicate.ts`: doubles from 100 ms to 2 s, with full jitter. */
export function pauseMs(failures: number, random: () => number): number {
  return Math.max(10, random() * Math.min(2000, 100 * 2 ** Math.min(failures, 30)));
}
