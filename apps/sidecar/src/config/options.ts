import { z } from 'zod';
import { configSchema, secretOptions } from './schema.ts';

/** One option as people meet it, read off the schema. */
export interface Option {
  /** In YAML: `drainMs`. */
  readonly name: string;
  /** `--drain-ms` */
  readonly flag: string;
  /** `REVOCAST_DRAIN_MS` */
  readonly environment: string;
  readonly type: 'string' | 'integer' | 'list';
  readonly description: string;
  /** `0–300000`, `unavailable | accept`, or empty. */
  readonly bounds: string;
  readonly defaultValue: unknown;
  readonly required: boolean;
  /** Set when this option names the file that holds the value of another. */
  readonly fileOf?: string;
}

/** The JSON schema of a configuration file, as shipped in config.schema.json. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  const properties = { ...schema.properties };
  for (const name of secretOptions) properties[`${name}File`] = fileProperty(name);
  // A secret may come from its file instead, so neither name alone is required.
  const required = (schema.required ?? []).filter((name) => !secretOptions.includes(name));
  return {
    $schema: schema.$schema,
    title: 'Configuration of revocast-sidecar',
    type: 'object',
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties,
  };
}

function fileProperty(name: string) {
  return { type: 'string' as const, minLength: 1, description: `File that holds the value of \`${name}\`.` };
}

/** Every option, in the order of the schema. */
export const options: readonly Option[] = Object.entries(configSchema.shape).flatMap(([name]) => {
  const option = describeOption(name);
  if (!secretOptions.includes(name)) return [option];
  const file = nameOption(`${name}File`);
  const description = `File that holds the value of \`${name}\`: keeps its password out of the environment.`;
  return [option, { ...option, ...file, description, bounds: '', required: false, fileOf: name }];
});

function describeOption(name: string): Option {
  const { properties = {}, required = [] } = z.toJSONSchema(configSchema, { io: 'input' });
  const property = properties[name];
  // A property is an object here: `true` and `false` schemas come from z.any() and z.never() only.
  const shape = typeof property === 'object' ? property : {};
  const { minimum, maximum, enum: choices } = shape;
  const range = minimum === undefined || maximum === undefined ? '' : `${minimum}–${maximum}`;
  return {
    ...nameOption(name),
    type: shape.type === 'integer' ? 'integer' : shape.type === 'array' ? 'list' : 'string',
    description: shape.description ?? '',
    bounds: choices === undefined ? range : choices.join(' | '),
    defaultValue: shape.default,
    required: required.includes(name),
  };
}

function nameOption(name: string): Pick<Option, 'name' | 'flag' | 'environment'> {
  const words = name.split(/(?=[A-Z])/);
  return {
    name,
    flag: `--${words.join('-').toLowerCase()}`,
    environment: `REVOCAST_${words.join('_').toUpperCase()}`,
  };
}
