import type { Summary } from './statistics.ts';

/** Three digits that mean something; whole numbers from a hundred on. */
export function sayNumber(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** How much a figure differed from round to round; one round cannot tell. */
export function saySpread({ spread, rounds }: Summary): string {
  return rounds < 2 ? 'one run' : `± ${sayNumber(spread)}`;
}
