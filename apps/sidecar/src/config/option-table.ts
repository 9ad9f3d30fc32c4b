import type { Kind } from './kinds.ts';

/** One option: its kind, its default as an operator writes it, and its meaning. */
export interface OptionSpec {
  readonly kind: Kind<unknown, OptionType>;
  /** Absent: the option has no default. */
  readonly initial?: unknown | undefined;
  /** Default false. */
  readonly required?: true | undefined;
  readonly description: string;
}

/** `nested`: a value with parts of its own. Only a file can hold it: it has neither flag nor environment variable. */
export type OptionType = 'string' | 'integer' | 'duration' | 'boolean' | 'list' | 'nested';

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
type Value<Spec extends OptionSpec> = Spec['kind'] extends Kind<infer Read, string> ? Read : never;
type Written<Spec extends OptionSpec> = Spec['kind']['type'] extends 'duration' ? number | string : Value<Spec>;
type Always<Specs extends OptionSpecs> = {
  [Name in keyof Specs]: Specs[Name] extends { initial: unknown } | { required: true } ? Name : never;
}[keyof Specs];
type Required<Specs extends OptionSpecs> = {
  [Name in keyof Specs]: Specs[Name] extends { required: true } ? Name : never;
}[keyof Specs];

/** The values of a table: validated, with defaults. Durations are milliseconds. */
export type ValuesOf<Specs extends OptionSpecs> = { readonly [Name in Always<Specs>]: Value<Specs[Name]> } & {
  readonly [Name in Exclude<keyof Specs, Always<Specs>>]?: Value<Specs[Name]> | undefined;
};

/** The values of a table as an operator writes them. */
export type WrittenFor<Specs extends OptionSpecs> = { readonly [Name in Required<Specs>]: Written<Specs[Name]> } & {
  readonly [Name in Exclude<keyof Specs, Required<Specs>>]?: Written<Specs[Name]> | undefined;
};

/** One option as the operator sees it, derived from its specification. */
export interface Option {
  /** The key in YAML: `drainMs`. */
  readonly name: string;
  /** `--drain-ms` */
  readonly flag: string;
  /** `REVOCAST_DRAIN_MS` */
  readonly environment: string;
  readonly type: OptionType;
  readonly description: string;
  /** `1–100000`, `0ms–5m`, `unavailable | accept`, or empty. */
  readonly bounds: string;
  readonly defaultValue: unknown;
  readonly required: boolean;
  /** Name of the option whose value the file of this option contains. */
  readonly fileOf?: string;
}

/** The options of one program. */
export interface OptionTable {
  /** As the JSON schema names it: `Configuration of revocast-sidecar`. */
  readonly title: string;
  readonly specs: OptionSpecs;
  /** Options whose value may contain a password: masked when printed, and also readable from a file (`sourceFile`). */
  readonly secrets: readonly string[];
  /** Every option, in the order of the specifications. */
  readonly options: readonly Option[];
}

/** Derives what operators see of the options of a program. */
export function defineOptions(table: Omit<OptionTable, 'options'>): OptionTable {
  const options = Object.entries(table.specs).flatMap(([name, spec]) => {
    const option = describeOption(name, spec);
    if (!table.secrets.includes(name)) return [option];
    const file = nameOption(`${name}File`);
    return [
      option,
      { ...option, ...file, description: describeFileOf(name), bounds: '', required: false, fileOf: name },
    ];
  });
  return { ...table, options };
}

/** The JSON schema of a configuration file. */
export function jsonSchemaOf({ title, specs, secrets }: OptionTable): Record<string, unknown> {
  const files = secrets.map((name) => [
    `${name}File`,
    { type: 'string', minLength: 1, description: describeFileOf(name) },
  ]);
  const { properties, ...schema } = objectSchemaOf(specs, secrets);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...schema,
    properties: { ...properties, ...Object.fromEntries(files) },
  };
}

/** @param secrets may come from their files instead, so they are not required. */
export function objectSchemaOf(specs: OptionSpecs, secrets: readonly string[] = []) {
  const entries = Object.entries(specs);
  const required = entries.filter(([name, spec]) => spec.required && !secrets.includes(name)).map(([name]) => name);
  const properties: Record<string, unknown> = Object.fromEntries(
    entries.map(([name, { kind, initial, description }]) => [name, { ...kind.schema, default: initial, description }]),
  );
  return {
    type: 'object',
    additionalProperties: false,
    required: required.length === 0 ? undefined : required,
    properties,
  };
}

function describeOption(name: string, { kind, initial, required, description }: OptionSpec): Option {
  const { type, bounds } = kind;
  return { ...nameOption(name), type, description, bounds, defaultValue: initial, required: required === true };
}

function describeFileOf(name: string): string {
  return `File that holds the value of \`${name}\`: keeps its password out of the environment.`;
}

function nameOption(name: string): Pick<Option, 'name' | 'flag' | 'environment'> {
  const words = name.split(/(?=[A-Z])/);
  return {
    name,
    flag: `--${words.join('-').toLowerCase()}`,
    environment: `REVOCAST_${words.join('_').toUpperCase()}`,
  };
}
