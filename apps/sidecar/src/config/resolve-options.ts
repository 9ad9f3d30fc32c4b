import { errorCodeOf } from '@revocast/denylist/replica';
import type { Checked } from './check-config.ts';
import { emptyLayer, type Given, type Layer, type Problem, readEnvironment, readFlags, readYaml } from './layer.ts';
import type { Mistake } from './mistake.ts';
import type { OptionTable } from './option-table.ts';

export interface ConfigSources {
  /** Command-line arguments, without the program and the subcommand. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The YAML file of `--config` or REVOCAST_CONFIG. */
  readonly configFile?: string | undefined;
  /** Reads a text file; throws if it cannot be read. */
  readonly readFile: (path: string) => string;
}

/** Either the configuration with the origin of each value, or all of its mistakes. */
export type Resolved<Config> =
  | { readonly ok: true; readonly config: Config; readonly origins: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A program: its options, and what checks their values. */
export interface Configurable<Config> {
  readonly table: OptionTable;
  readonly check: (input: Readonly<Record<string, unknown>>) => Checked<Config>;
}

/** Merges all places: flags override the environment, the environment the file, the file the defaults. */
export function resolveOptions<Config extends object>(
  sources: ConfigSources,
  { table, check }: Configurable<Config>,
): Resolved<Config> {
  const layers = [
    readFlags(sources.argv, table),
    readEnvironment(sources.environment, table),
    readConfigFile(sources, table),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  const given = new Map(layers.toReversed().flatMap((layer) => [...layer.given]));
  for (const name of table.secrets) problems.push(...readSecret(name, layers, given, sources.readFile));

  const checked = check(Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  if (!checked.ok) {
    const known = new Set(problems.map(({ option }) => option));
    for (const { option, message } of checked.mistakes) {
      // A value that could not be read is already reported, with a more precise cause.
      if (!known.has(option)) problems.push(describeIssue({ option, message }, given.get(option), table));
    }
  }
  if (!checked.ok || problems.length > 0) return { ok: false, problems };
  const { config } = checked;
  const origins = new Map(Object.keys(config).map((name) => [name, given.get(name)?.origin ?? 'default']));
  return { ok: true, config, origins };
}

function readConfigFile({ configFile, readFile }: ConfigSources, table: OptionTable): Layer {
  if (configFile === undefined) return emptyLayer();
  const text = tryRead(readFile, configFile, { option: 'config', origin: configFile });
  return typeof text === 'string' ? readYaml(text, configFile, table) : emptyLayer(text);
}

/** Replaces `<name>File` by `<name>` with the content of that file: both set the same option. */
function readSecret(
  name: string,
  layers: readonly Layer[],
  given: Map<string, Given>,
  readFile: ConfigSources['readFile'],
): Problem[] {
  const fileName = `${name}File`;
  given.delete(fileName);
  const first = layers.find(({ given: values }) => values.has(name) || values.has(fileName));
  const file = first?.given.get(fileName);
  if (file === undefined) return [];
  const { origin, value: path } = file;
  const place = { option: name, origin };
  if (first?.given.has(name)) return [{ ...place, message: `given twice: as ${name} and as ${fileName}` }];
  if (typeof path !== 'string') return [{ ...place, message: 'expected a path' }];
  const text = tryRead(readFile, path, place);
  if (typeof text !== 'string') return [text];
  given.set(name, { value: text.trim(), origin });
  return [];
}

function tryRead(
  readFile: ConfigSources['readFile'],
  path: string,
  place: Pick<Problem, 'option' | 'origin'>,
): string | Problem {
  try {
    return readFile(path);
  } catch (error) {
    return { ...place, message: `cannot read ${path} (${errorCodeOf(error) ?? 'unknown'})` };
  }
}

function describeIssue({ option, message }: Mistake, given: Given | undefined, { secrets }: OptionTable): Problem {
  if (given === undefined) {
    return { option, message: secrets.includes(option) ? 'required: the URL of the revocation log' : message };
  }
  const found = secrets.includes(option) ? '' : `; found ${JSON.stringify(given.value)}`;
  return { option, origin: given.origin, message: `${message}${found}` };
}
