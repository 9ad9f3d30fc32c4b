import { defineOptions, jsonSchemaOf, type Option } from './option-table.ts';
import { optionSpecs, secretOptions } from './schema.ts';

/** The options of the sidecar. */
export const sidecarOptions = defineOptions({
  title: 'Configuration of revocast-sidecar',
  specs: optionSpecs,
  secrets: secretOptions,
});

/** Every option, in the order of the schema. */
export const options: readonly Option[] = sidecarOptions.options;

/** The JSON schema of a configuration file, as published in config.schema.json. */
export function configJsonSchema(): Record<string, unknown> {
  return jsonSchemaOf(sidecarOptions);
}
