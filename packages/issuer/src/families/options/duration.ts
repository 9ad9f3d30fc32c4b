import { ConfigurationError } from '@revocast/denylist';
import { readDuration as parse, writeDuration } from '@revocast/denylist/replica';

/** A whole number and a unit: seconds, minutes, hours or days. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`;

/** Milliseconds. @throws ConfigurationError for another text, or a duration outside the bounds. */
export function readDuration(
  option: string,
  value: unknown,
  { leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number },
): number {
  const ms = typeof value === 'string' ? parse(value) : undefined;
  if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
  const found = typeof value === 'string' ? JSON.stringify(value.slice(0, 32)) : `a value of type ${typeof value}`;
  throw new ConfigurationError(
    option,
    `expected a duration such as '14d', from ${writeDuration(leastMs)} to ${writeDuration(mostMs)}, found ${found}`,
  );
}
