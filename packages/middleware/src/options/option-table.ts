import {
  isGiven,
  type NumberBounds,
  type OptionEnvironment,
  readBoolean,
  readNumber,
  readOneOf,
  refuse,
  refuseUnknownKeys,
} from './read-option.ts';

/** What the reading of an option depends on, beside its value. */
export interface OptionContext {
  /** `dangerouslyAllowHttp`. */
  readonly allowHttp: boolean;
  readonly environment: OptionEnvironment;
}

/** Reads the value of an option. @throws ConfigurationError that names the option, its bound and the kind of the value. */
export type Reader<Read> = (name: string, value: unknown, context: OptionContext) => Read;

/**
 * One option: how it is read, and the cells of its row in docs/verification.md. The text of the row is the docstring of
 * the option in its table. A test compares the document with the tables.
 */
export interface Option<Read, GivenValue = Read> {
  /** What a caller may pass. Only a type: no table sets it. */
  readonly given?: GivenValue;
  /** Absent where the option is not a number. */
  readonly unit?: string;
  /** As documented; absent where the option is required. */
  readonly default?: string | number | boolean;
  readonly bounds: string;
  /** Receives undefined when the option was left out. */
  readonly read: Reader<Read>;
}

/** An option without a default. */
export interface RequiredOption<Read, GivenValue = Read> extends Option<Read, GivenValue> {
  readonly isRequired: true;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

type GivenTo<Row> = Row extends Option<unknown, infer GivenValue> ? GivenValue : never;

/** The object that a caller passes for a table. An undefined option counts as left out. */
export type GivenOptions<Table extends OptionTable> = {
  readonly [Name in keyof Table as Table[Name] extends RequiredOption<unknown> ? never : Name]?:
    | GivenTo<Table[Name]>
    | undefined;
} & {
  readonly [Name in keyof Table as Table[Name] extends RequiredOption<unknown> ? Name : never]: GivenTo<Table[Name]>;
};

/** The same options after reading, with every default in place. */
export type ReadOptions<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]['read']>;
};

/** A row whose reader returns undefined for a value outside the bounds. */
type Row<Read, GivenValue> = Option<Read | undefined, GivenValue>;

function within<Read>({ bounds, read }: Row<Read, unknown>): Reader<Read> {
  return (name, value, context) => {
    const found = read(name, value, context);
    return found === undefined ? refuse(name, bounds, value) : found;
  };
}

export function required<Read, GivenValue = Read>(row: Row<Read, GivenValue>): RequiredOption<Read, GivenValue> {
  return { ...row, isRequired: true, read: within(row) };
}

/** An option whose reader supplies the default. */
export function option<Read, GivenValue = Read>(row: Option<Read, GivenValue>): Option<Read, GivenValue> {
  return row;
}

/** An option that may be left out: it then has the value `absent`, which is undefined unless stated. */
export function optional<Read, GivenValue = Read, Absent = undefined>(
  row: Row<Read, GivenValue> & { readonly absent?: Absent },
): Option<Read | Absent, GivenValue> {
  const read = within(row);
  return {
    default: 'none',
    ...row,
    read: (name, value, context) => (value === undefined ? (row.absent as Absent) : read(name, value, context)),
  };
}

/** A whole number. Bounds are inclusive. */
export function number<Default extends number | undefined>(
  row: NumberBounds & { readonly default: Default },
): Option<number | Default, number> & NumberBounds {
  return {
    ...row,
    default: row.default ?? 'none',
    bounds: `${row.min}–${row.max}`,
    read: (name: string, value: unknown) => (value === undefined ? row.default : readNumber(name, value, row)),
  };
}

/** A whole number without a default. Bounds are inclusive. */
export function requiredNumber(row: NumberBounds): RequiredOption<number> & NumberBounds {
  return {
    ...row,
    ...required({ bounds: `${row.min}–${row.max}`, read: (name, value) => readNumber(name, value, row) }),
  };
}

/** True or false; false when left out. */
export const flag: Option<boolean> = {
  default: false,
  bounds: 'true or false',
  read: (name, value = false) => readBoolean(name, value),
};

/** True, false, or true only while `NODE_ENV` is `development`. */
export const developmentFlag: Option<boolean, boolean | 'development'> = {
  default: false,
  bounds: 'true, false or development',
  read: (name, value = false, { environment }) => {
    if (typeof value === 'boolean') return value;
    return value === 'development'
      ? environment['NODE_ENV'] === value
      : refuse(name, 'true, false or development', value);
  },
};

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[], fallback: Word): Option<Word> {
  return {
    default: fallback,
    bounds: words.join(', '),
    read: (name, value = fallback) => readOneOf(name, value, words),
  };
}

/** Returns the reader of an object with the options of a table. The object that it returns is frozen. */
export function group<Table extends OptionTable>(table: Table): Reader<ReadOptions<Table>> {
  return (name, value, context) => {
    if (!isGiven(value)) refuse(name, 'an object', value);
    const prefix = name === '' ? '' : `${name}.`;
    refuseUnknownKeys(prefix, value, Object.keys(table));
    const entries = Object.entries(table).map(([key, { read }]) => [key, read(`${prefix}${key}`, value[key], context)]);
    return Object.freeze(Object.fromEntries(entries)) as ReadOptions<Table>; // one entry per row, read by the row
  };
}
