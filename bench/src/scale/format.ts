/** `1.2 MB`, `640 kB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${round(value)} ${units[unit]}`;
}

/** `12 ms`, `1.2 s`, `3 min`; `never` for Infinity. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return 'never';
  if (ms < 1000) return `${round(ms)} ms`;
  return ms < 120_000 ? `${round(ms / 1000)} s` : `${round(ms / 60_000)} min`;
}

export function formatCount(count: number): string {
  return count < 100 ? String(round(count)) : Math.round(count).toLocaleString('en-US');
}

export function formatShare(share: number): string {
  return `${round(share * 100)} %`;
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(2));
}

/** The lines of a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
