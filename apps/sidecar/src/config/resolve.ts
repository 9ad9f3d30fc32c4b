import { type Given, type Layer, type Problem, readEnvironment, readFlags, readYaml } from './layer.ts';
import { type Config, configSchema, secretOptions } from './schema.ts';

export interface ConfigSources {
  /** Command-line arguments, without the program and its subcommand. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The YAML file of `--config` or REVOCAST_CONFIG. */
  readonly configFile?: string;
  /** Reads a text file; throws when it cannot. */
  readonly readFile: (path: string) => string;
}

/** Either the configuration and where each value came from, or everything that is wrong with it. */
export type Resolved =
  | { readonly ok: true; readonly config: Config; readonly origins: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Flags go before environment, environment before the file, the file before defaults. */
export function resolveConfig(sources: ConfigSources): Resolved {
  const layers = [readFlags(sources.argv), readEnvironment(sources.environment), readConfigFile(sources)];
  const problems = layers.flatMap((layer) => layer.problems);
  const given = new Map<string, Given>();
  for (const { given: values } of [...layers].reverse()) {
    for (const [name, value] of values) given.set(name, value);
  }
  for (const name of secretOptions) problems.push(...readSecret(name, layers, given, sources.readFile));

  const parsed = configSchema.safeParse(Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  if (!parsed.success) {
    const known = new Set(problems.map(({ option }) => option));
    for (const { path, message } of parsed.error.issues) {
      const option = String(path[0] ?? 'config');
      // What could not be read was already told, and better.
      if (!known.has(option)) problems.push(describeIssue(option, message, given.get(option)));
    }
  }
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, config: Object.freeze(parsed.data), origins: originsOf(parsed.data, given) };
}

function readConfigFile({ configFile, readFile }: ConfigSources): Layer {
  if (configFile === undefined) return { given: new Map(), problems: [] };
  const text = tryRead(configFile, readFile);
  return typeof text === 'string'
    ? readYaml(text, configFile)
    : { given: new Map(), problems: [{ option: 'config', origin: configFile, message: text.failure }] };
}

/** Puts the content of `<name>File` in place of `<name>`; the two are one option with two spellings. */
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
  if (first?.given.has(name)) {
    return [{ option: name, origin: file.origin, message: `given twice: as ${name} and as ${fileName}` }];
  }
  const text = typeof file.value === 'string' ? tryRead(file.value, readFile) : { failure: 'expected a path' };
  if (typeof text !== 'string') return [{ option: name, origin: file.origin, message: text.failure }];
  given.set(name, { value: text.trim(), origin: file.origin });
  return [];
}

function tryRead(path: string, readFile: ConfigSources['readFile']): string | { readonly failure: string } {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { failure: `cannot read ${path}${code}` };
  }
}

function describeIssue(option: string, message: string, given: Given | undefined): Problem {
  if (given === undefined) {
    const missing = option === 'source' ? 'required: say where revocations come from' : message;
    return { option, message: missing };
  }
  const found = secretOptions.includes(option) ? '' : `; found ${JSON.stringify(given.value)}`;
  return { option, origin: given.origin, message: `${message}${found}` };
}

function originsOf(config: Config, given: ReadonlyMap<string, Given>): Map<string, string> {
  return new Map(Object.keys(config).map((name) => [name, given.get(name)?.origin ?? 'default']));
}
