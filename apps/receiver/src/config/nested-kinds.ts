import { isJsonObject } from '@revocast/denylist/replica';
import {
  checkValues,
  type Kind,
  type Mistake,
  type OptionSpecs,
  objectSchemaOf,
  type ValuesOf,
} from '@revocast/sidecar/service';

/** A kind whose value has parts, each with mistakes of its own. */
export type Nested<Value> = Kind<Value, 'nested'>;

interface NestedParts<Value> {
  readonly expected: string;
  readonly schema: Kind<unknown, 'nested'>['schema'];
  /** Reads the value, and adds every mistake, with the name of its part below `at`. */
  readonly parse: (written: unknown, at: string, mistakes: Mistake[]) => Value | undefined;
}

export function nested<Value>({ expected, schema, parse }: NestedParts<Value>): Nested<Value> {
  return {
    ...{ type: 'nested', expected, bounds: '', schema },
    read(written) {
      const mistakes: Mistake[] = [];
      const value = parse(written, '', mistakes);
      return mistakes.length === 0 ? value : undefined;
    },
    findMistakes(written, at) {
      const mistakes: Mistake[] = [];
      parse(written, at, mistakes);
      return mistakes;
    },
  };
}

/** A mapping with exactly these options. */
export function objectOf<const Specs extends OptionSpecs>(specs: Specs): Nested<ValuesOf<Specs>> {
  const expected = `expected a mapping of ${Object.keys(specs).join(', ')}`;
  return nested({
    expected,
    schema: objectSchemaOf(specs),
    parse(written, at, mistakes) {
      if (!isJsonObject(written)) return void mistakes.push({ option: at, message: expected });
      return parsePart<ValuesOf<Specs>>(specs, written, { at, mistakes });
    },
  });
}

/** Adds the mistakes of one mapping under its own name. */
export function parsePart<Value>(
  specs: OptionSpecs,
  written: Readonly<Record<string, unknown>>,
  { at, mistakes }: { readonly at: string; readonly mistakes: Mistake[] },
): Value {
  const checked = checkValues(specs, written);
  mistakes.push(...checked.mistakes.map(({ option, message }) => ({ option: `${at}.${option}`, message })));
  return checked.values as Value; // each kind has read its value
}

/** A mapping from names of a closed or open list to values of one kind, at most `most` of them. */
export function mapOf<Value>(
  value: Kind<Value, string>,
  { names, most = 100 }: { readonly names?: readonly string[]; readonly most?: number } = {},
): Nested<Readonly<Record<string, Value>>> {
  const expected = `expected a mapping with at most ${most} names${names === undefined ? '' : `, each one of ${names.join(', ')}`}`;
  const isName = (name: string) => (names === undefined ? /^[\x20-\x7e]{1,128}$/.test(name) : names.includes(name));
  return nested({
    expected,
    schema: {
      type: 'object',
      additionalProperties: value.schema,
      maxProperties: most,
      propertyNames: names === undefined ? undefined : { enum: names },
    },
    parse(written, at, mistakes) {
      const entries = isJsonObject(written) ? Object.entries(written) : undefined;
      if (entries === undefined || entries.length > most || !entries.every(([name]) => isName(name))) {
        return void mistakes.push({ option: at, message: expected });
      }
      const read = entries.map(([name, one]) => {
        const found = value.read(one);
        const part = `${at}.${name}`;
        if (found === undefined) {
          mistakes.push(...(value.findMistakes?.(one, part) ?? [{ option: part, message: value.expected }]));
        }
        return [name, found] as const;
      });
      return Object.fromEntries(read) as Readonly<Record<string, Value>>; // refused above if one is undefined
    },
  });
}
