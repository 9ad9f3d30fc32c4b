import { suggestName } from '@revocast/denylist/replica';
import { ConfigurationError } from '../errors.ts';
import { optionsOfOtherLibraries } from './other-libraries.ts';

/** Options as they arrive: from JavaScript or from JSON, not yet checked. */
export type Given = Readonly<Record<string, unknown>>;

/** The environment variables that are defaults of options. */
export type OptionEnvironment = Readonly<Record<string, string | undefined>>;

/** The kind of a value, never the value: it may be a secret, and messages are logged. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (value === '') return 'an empty string';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  return value === undefined ? 'nothing' : `a ${typeof value}`.replace('a object', 'an object');
}

export function refuse(option: string, expected: string, found: unknown): never {
  throw new ConfigurationError(option, `expected ${expected}, found ${kindOf(found)}`);
}

export function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The options of these names. */
export function pick(given: Given, names: readonly string[]): Given {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

/** @throws ConfigurationError for the first key that is not known; suggests the known key that is most like it. */
export function refuseUnknownKeys(prefix: string, given: Given, known: readonly string[]): void {
  const key = Object.keys(given).find((name) => !known.includes(name));
  if (key === undefined) return;
  const elsewhere = optionsOfOtherLibraries.get(key);
  if (elsewhere !== undefined) {
    throw new ConfigurationError(
      `${prefix}${printable(key)}`,
      `there is no such option here, only in another library: ${elsewhere}`,
    );
  }
  const closest = suggestName(key, known);
  const suggestion = closest === undefined ? `known are ${known.join(', ')}` : `did you mean ${closest}?`;
  throw new ConfigurationError(`${prefix}${printable(key)}`, `there is no such option: ${suggestion}`);
}

/** An unknown key may be any text: only letters are shown, and of a long one, probably pasted, only the length. */
function printable(key: string): string {
  return key.length > 40 ? `(${key.length} characters)` : key.replaceAll(/[^\w.$-]/g, '?');
}

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

export function readNumber(option: string, value: unknown, { min, max, unit }: NumberBounds): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    refuse(option, `a whole number of ${unit} from ${min} to ${max}`, value);
  }
  return value;
}

export function readBoolean(option: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(option, 'true or false', value);
}

export function readString(option: string, value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : refuse(option, 'a non-empty string', value);
}

export function readStrings(option: string, value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || list.length === 0 || !list.every((item) => typeof item === 'string' && item !== '')) {
    refuse(option, 'a non-empty string or an array of them', value);
  }
  return Object.freeze([...list]);
}

export function readFunction(option: string, value: unknown): (...given: readonly unknown[]) => unknown {
  return isFunction(value) ? value : refuse(option, 'a function', value);
}

function isFunction(value: unknown): value is (...given: readonly unknown[]) => unknown {
  return typeof value === 'function';
}

export function readOneOf<Value extends string>(option: string, value: unknown, choices: readonly Value[]): Value {
  return choices.find((choice) => choice === value) ?? refuse(option, `one of ${choices.join(', ')}`, value);
}

export function readUrl(option: string, value: unknown, allowHttp: boolean): string {
  const text = readString(option, value);
  if (!URL.canParse(text)) throw new ConfigurationError(option, 'expected a URL, found a string that is not one');
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) {
    const fix = allowHttp ? '' : ' (in tests, set dangerouslyAllowHttp)';
    throw new ConfigurationError(option, `expected an https: URL, found ${protocol}${fix}`);
  }
  if (username !== '' || password !== '') {
    throw new ConfigurationError(option, 'expected a URL without user name and password: remove them');
  }
  return text;
}

/** Sentinel, Cluster and a Unix socket are named in the scheme. */
export function isRedisUrl(value: unknown): value is string {
  return typeof value === 'string' && /^(rediss?(\+sentinel|\+cluster)?|redis\+unix):/.test(value);
}

/** Returns a check for objects with these methods. They may come from a prototype: a logger is an instance of a class. */
export function hasMethods<Port extends object>(...names: readonly (keyof Port)[]) {
  return (value: unknown): value is Port =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function');
}
