import { ConfigurationError } from '@revocast/denylist';

/** A whole number and a unit: seconds, minutes, hours or days. */
export type Duration = `${number} ${'s' | 'min' | 'h' | 'd'}`;

const unitMs: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

interface DurationBounds {
  readonly least: Duration;
  readonly most: Duration;
}

/** Milliseconds. @throws ConfigurationError for another text, or a duration outside the bounds. */
export function readDuration(option: string, value: unknown, { least, most }: DurationBounds): number {
  const ms = parse(value);
  if (ms !== undefined && ms >= parse(least)! && ms <= parse(most)!) return ms;
  const found = typeof value === 'string' ? JSON.stringify(value.slice(0, 32)) : `a value of type ${typeof value}`;
  throw new ConfigurationError(option, `expected a duration from '${least}' to '${most}', found ${found}`);
}

function parse(value: unknown): number | undefined {
  const [, number, unit = ''] = (typeof value === 'string' && /^(\d{1,9}) (s|min|h|d)$/.exec(value)) || [];
  return number === undefined ? undefined : Number(number) * unitMs[unit]!;
}
