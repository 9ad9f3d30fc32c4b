import { type OptionSpec, type OptionType, optionSpecs, secretOptions } from './schema.ts';

/** One option as the operator sees it, derived from the schema. */
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

const specs: readonly (readonly [string, OptionSpec])[] = Object.entries(optionSpecs);

/** The JSON schema of a configuration file, as published in config.schema.json. */
export function configJsonSchema(): Record<string, unknown> {
  const files = secretOptions.map((name) => [
    `${name}File`,
    { type: 'string', minLength: 1, description: describeFileOf(name) },
  ]);
  // A secret may come from its file instead, so neither of the two keys is required.
  const required = specs.filter(([name, spec]) => spec.required && !secretOptions.includes(name)).map(([name]) => name);
  const properties = specs.map(([name, { kind, initial, description }]) => [
    name,
    { ...kind.schema, default: initial, description },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of revocast-sidecar',
    type: 'object',
    additionalProperties: false,
    required: required.length === 0 ? undefined : required,
    properties: Object.fromEntries([...properties, ...files]),
  };
}

/** Every option, in the order of the schema. */
export const options: readonly Option[] = specs.flatMap(([name, spec]) => {
  const option = describeOption(name, spec);
  if (!secretOptions.includes(name)) return [option];
  const file = nameOption(`${name}File`);
  return [option, { ...option, ...file, description: describeFileOf(name), bounds: '', required: false, fileOf: name }];
});

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
