const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The form of a duration in text, as a regular expression. */
export const durationPattern = '^\\d{1,12}(ms|s|m|h|d)?$';
const pattern = new RegExp(durationPattern);

/** The forms of a duration, for error texts and help. */
export const durationForms = 'a duration such as 500ms, 15s or 2m, where a number without a unit is milliseconds';

/** Milliseconds from `500ms`, `15s`, `2m`, `1h`, `1d` or a bare number of milliseconds; undefined for another text. */
export function readDuration(text: string): number | undefined {
  const found = pattern.exec(text);
  return found === null ? undefined : Number.parseInt(text, 10) * (unitMs[found[1] ?? 'ms'] ?? Number.NaN);
}

/** The form that {@link readDuration} reads, in the largest unit up to hours that loses nothing: `500ms`, `15s`, `24h`. */
export function writeDuration(ms: number): string {
  const [unit, size] = Object.entries(unitMs).findLast(
    ([name, each]) => name !== 'd' && ms >= each && ms % each === 0,
  ) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
