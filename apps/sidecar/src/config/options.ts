import { writeDuration } from '@revocast/denylist/replica';
import { z } from 'zod';
import { configSchema, secretOptions } from './schema.ts';

/** One option as the operator sees it, derived from the schema. */
export interface Option {
  /** The key in YAML: `drainMs`. */
  readonly name: string;
  /** `--drain-ms` */
  readonly flag: string;
  /** `REVOCAST_DRAIN_MS` */
  readonly environment: string;
  readonly type: 'string' | 'integer' | 'duration' | 'boolean' | 'list';
  readonly description: string;
  /** `1–100000`, `0ms–5m`, `unavailable | accept`, or empty. */
  readonly bounds: string;
  readonly defaultValue: unknown;
  readonly required: boolean;
  /** Name of the option whose value the file of this option contains. */
  readonly fileOf?: string;
}

const { $schema, properties = {}, required = [] } = z.toJSONSchema(configSchema, { io: 'input' });

/** The JSON schema of a configuration file, as published in config.schema.json. */
export function configJsonSchema(): Record<string, unknown> {
  const files = secretOptions.map((name) => [
    `${name}File`,
    { type: 'string', minLength: 1, description: describeFileOf(name) },
  ]);
  // A secret may come from its file instead, so neither of the two keys is required.
  const needed = required.filter((name) => !secretOptions.includes(name));
  return {
    $schema,
    title: 'Configuration of revocast-sidecar',
    type: 'object',
    additionalProperties: false,
    required: needed.length === 0 ? undefined : needed,
    properties: { ...properties, ...Object.fromEntries(files) },
  };
}

/** Every option, in the order of the schema. */
export const options: readonly Option[] = Object.keys(configSchema.shape).flatMap((name) => {
  const option = describeOption(name);
  if (!secretOptions.includes(name)) return [option];
  const file = nameOption(`${name}File`);
  return [option, { ...option, ...file, description: describeFileOf(name), bounds: '', required: false, fileOf: name }];
});

function describeOption(name: string): Option {
  const property = properties[name];
  // Every property is an object: only z.any() and z.never() produce the schemas `true` and `false`.
  const { type, description = '', default: defaultValue, ...shape } = typeof property === 'object' ? property : {};
  const { anyOf: alternatives, enum: choices } = shape;
  // Only a duration has alternatives: a number of milliseconds, and a text.
  const [first = shape] = alternatives ?? [];
  const { minimum, maximum } = typeof first === 'object' ? first : {};
  const isDuration = alternatives !== undefined;
  const write = isDuration ? writeDuration : String;
  const range = minimum === undefined || maximum === undefined ? '' : `${write(minimum)}–${write(maximum)}`;
  return {
    ...nameOption(name),
    type: isDuration
      ? 'duration'
      : type === 'integer' || type === 'boolean'
        ? type
        : type === 'array'
          ? 'list'
          : 'string',
    description,
    bounds: type === 'boolean' ? 'true | false' : choices === undefined ? range : choices.join(' | '),
    defaultValue,
    required: required.includes(name),
  };
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
