export interface PlotOptions {
  /** Upper bounds, ascending. Samples above the last one have a separate row. */
  readonly boundsMs?: readonly number[];
  /** Length of the longest bar. Default 40. */
  readonly width?: number;
}

const defaultBoundsMs = [1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 1000];

/** A histogram for a terminal, with one line for each bucket, without empty buckets at both ends. */
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
  // A bucket with at least one sample has a visible bar.
  const visible = share > 0 ? Math.max(1, units) : 0;
  return ('█'.repeat(Math.floor(visible / 8)) + eighths[visible % 8]).padEnd(width);
}
