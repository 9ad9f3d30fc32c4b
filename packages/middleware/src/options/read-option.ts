import { ConfigurationError } from '../errors.ts';

/** Options as they arrive: from JavaScript, from JSON, from anywhere. */
export type Given = Readonly<Record<string, unknown>>;

/** The environment variables that are defaults of options. */
export type OptionEnvironment = Readonly<Record<string, string | undefined>>;

/** What was found, by kind only: a value may be a secret, and messages end up in logs. */
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

/** @throws ConfigurationError for the first key that is not known, naming the known one it looks most like. */
export function refuseUnknownKeys(where: string, given: Given, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const [closest] = known
      .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
      .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
      .sort((one, other) => one.distance - other.distance);
    const suggestion = closest === undefined ? `known are ${known.join(', ')}` : `did you mean ${closest.name}?`;
    throw new ConfigurationError(`${where}${printable(key)}`, `there is no such option: ${suggestion}`);
  }
}

/** A key is not a secret, but neither is it ours: letters only. A long one is no misspelling, but something pasted. */
function printable(key: string): string {
  return key.length > 40 ? `(${key.length} characters)` : key.replaceAll(/[^\w.$-]/g, '?');
}

/** Reads a value that may be left out. */
export function orDefault<Value, Default>(
  value: unknown,
  fallback: Default,
  read: (value: unknown) => Value,
): Value | Default {
  return value === undefined ? fallback : read(value);
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

export function readOneOf<Value extends string>(option: string, value: unknown, choices: readonly Value[]): Value {
  return choices.find((choice) => choice === value) ?? refuse(option, `one of ${choices.join(', ')}`, value);
}

export function readUrl(option: string, value: unknown, allowHttp: boolean): string {
  const text = readString(option, value);
  const protocols = allowHttp ? ['https:', 'http:'] : ['https:'];
  if (!URL.canParse(text)) throw new ConfigurationError(option, 'expected a URL, found a string that is none');
  const { protocol, username, password } = new URL(text);
  if (!protocols.includes(protocol)) {
    const remedy = allowHttp ? '' : ' (dangerouslyAllowHttp lifts this in tests)';
    throw new ConfigurationError(option, `expected an https: URL, found ${protocol}${remedy}`);
  }
  if (username !== '' || password !== '') throw new ConfigurationError(option, 'must not carry a user or password');
  return text;
}

/** Methods may come from a prototype: a publisher, a logger and a registry are instances of classes. */
export function hasMethods(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}
