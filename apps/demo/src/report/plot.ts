export interface PlotOptions {
  /** Upper bounds, ascending. What is above the last goes into a row of its own. */
  readonly boundsMs?: readonly number[];
  /** Length of the longest bar. Default 40. */
  readonly width?: number;
}

const defaultBoundsMs = [1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 1000];

/** A histogram for a terminal, one line a bucket, without the empty ones at both ends. */
export function plotHistogram(samplesMs: readonly number[], options: PlotOptions = {}): string[] {
  const { boundsMs = defaultBoundsMs, width = 40 } = options;
  const counts = new Array<number>(boundsMs.length + 1).fill(0);
  for (const sample of samplesMs) {
    const bucket = boundsMs.findIndex((bound) => sample <= bound);
    counts[bucket === -1 ? boundsMs.length : bucket]! += 1;
  }
  const first = counts.findIndex((count) => count > 0);
  if (first === -1) return [];
  const last = counts.findLastIndex((count) => count > 0);
  const highest = Math.max(...counts);
  return counts.slice(first, last + 1).map((count, index) => {
    const bound = boundsMs[first + index];
    const label = bound === undefined ? `> ${boundsMs.at(-1)} ms` : `≤ ${bound} ms`;
    return `${label.padStart(10)} ${bar(count / highest, width)} ${count}`.trimEnd();
  });
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share: number, width: number): string {
  const units = Math.round(share * width * 8);
  // One sample beside ten thousand is still a sample: it must not vanish.
  const visible = share > 0 ? Math.max(1, units) : 0;
  return ('█'.repeat(Math.floor(visible / 8)) + eighths[visible % 8]).padEnd(width);
}
