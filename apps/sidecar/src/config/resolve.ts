import { checkConfig } from './check-config.ts';
import { sidecarOptions } from './options.ts';
import { type ConfigSources, type Resolved, resolveOptions } from './resolve-options.ts';
import type { Config } from './schema.ts';

export type { ConfigSources } from './resolve-options.ts';

/** The configuration of a sidecar. */
export function resolveConfig(sources: ConfigSources): Resolved<Config> {
  return resolveOptions(sources, { table: sidecarOptions, check: checkConfig });
}
