import { durationForms, durationPattern, readDuration, writeDuration } from '@revocast/denylist/replica';
import type { Mistake } from './mistake.ts';

/** The kind of the value of an option: how it is read, and how an operator reads about it. */
export interface Kind<Value, Type extends string> {
  readonly type: Type;
  /** What {@link read} accepts, in a phrase for error texts: `expected true or false`. */
  readonly expected: string;
  /** `1–100000`, `0ms–5m`, `unavailable | accept`, or empty. */
  readonly bounds: string;
  /** JSON schema of the written value. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** @returns undefined for a value of another kind or outside its bounds. */
  read(written: unknown): Value | undefined;
  /** Why a nested value cannot be read, part by part; absent for a plain one. @param at the name of the option. */
  findMistakes?(written: unknown, at: string): readonly Mistake[];
}

interface TextOptions {
  readonly expected: string;
  /** Default: any text that is not empty. */
  readonly accepts?: RegExp | ((text: string) => boolean);
}

export function text({ expected, accepts = /./s }: TextOptions): Kind<string, 'string'> {
  const isAccepted = (written: string) => (typeof accepts === 'function' ? accepts(written) : accepts.test(written));
  const form =
    typeof accepts === 'function' ? {} : accepts.source === '.' ? { minLength: 1 } : { pattern: accepts.source };
  return {
    ...{ type: 'string', expected, bounds: '', schema: { type: 'string', ...form } },
    read: (written) => (typeof written === 'string' && isAccepted(written) ? written : undefined),
  };
}

export const trueOrFalse: Kind<boolean, 'boolean'> = {
  ...{ type: 'boolean', expected: 'expected true or false', bounds: 'true | false', schema: { type: 'boolean' } },
  read: (written) => (typeof written === 'boolean' ? written : undefined),
};

/** Both bounds are included. */
export function whole(least: number, most: number): Kind<number, 'integer'> {
  return {
    type: 'integer',
    expected: `expected a whole number from ${least} to ${most}`,
    bounds: `${least}–${most}`,
    schema: { type: 'integer', minimum: least, maximum: most },
    read: (written) => (isWhole(written) && written >= least && written <= most ? written : undefined),
  };
}

/** Milliseconds, written as a number of milliseconds or a text with a unit. Both bounds are included. */
export function duration(least: number, most: number): Kind<number, 'duration'> {
  const milliseconds = whole(least, most);
  return {
    type: 'duration',
    expected: `expected ${durationForms}, from ${writeDuration(least)} to ${writeDuration(most)}`,
    bounds: `${writeDuration(least)}–${writeDuration(most)}`,
    schema: { anyOf: [milliseconds.schema, { type: 'string', pattern: durationPattern }] },
    read: (written) => milliseconds.read(typeof written === 'string' ? readDuration(written) : written),
  };
}

export function choice<const Word extends string>(...words: readonly Word[]): Kind<Word, 'string'> {
  return {
    type: 'string',
    expected: `expected ${words.join(' or ')}`,
    bounds: words.join(' | '),
    schema: { type: 'string', enum: words },
    read: (written) => words.find((word) => word === written),
  };
}

export function listOf(item: Kind<string, 'string'>, most: number): Kind<readonly string[], 'list'> {
  return {
    type: 'list',
    expected: `${item.expected}, at most ${most} of them`,
    bounds: '',
    schema: { type: 'array', items: item.schema, maxItems: most },
    read(written) {
      if (!Array.isArray(written) || written.length > most) return undefined;
      const items = written.map((one: unknown) => item.read(one));
      return items.every((one) => one !== undefined) ? items : undefined;
    },
  };
}

function isWhole(written: unknown): written is number {
  return Number.isSafeInteger(written);
}
