import type { Summary } from './statistics.ts';

/** Three significant digits; whole numbers from 100 on; `-` for NaN. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** The spread of a figure over the rounds; `one run` for a single round. */
export function formatSpread({ spread, rounds }: Summary): string {
  return rounds < 2 ? 'one run' : `± ${formatNumber(spread)}`;
}
