import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { unknownOption } from './check-values.ts';
import type { Option, OptionTable } from './option-table.ts';

/** A value that the operator set, and where. */
export interface Given {
  readonly value: unknown;
  /** As shown to the operator: `--drain-ms`, `REVOCAST_DRAIN_MS`, `/etc/revocast.yaml`. */
  readonly origin: string;
}

/** The values of one place (flags, environment or file), by option name. The schema has not checked them yet. */
export interface Layer {
  readonly given: Map<string, Given>;
  readonly problems: Problem[];
}

/** A mistake of the operator: the option, the place and the cause. It never contains a secret. */
export interface Problem {
  readonly option: string;
  readonly origin?: string | undefined;
  readonly message: string;
}

/** Returns a layer without values. */
export function emptyLayer(...problems: Problem[]): Layer {
  return { given: new Map(), problems };
}

/** Flags of the command line that are not options of the schema. */
const otherFlags = ['--config', '--print-config', '--help', '--version'];

/** Reads `--flag value` and `--flag=value`. A boolean is true without a value. */
export function readFlags(argv: readonly string[], table: OptionTable): Layer {
  const options = typedOptions(table);
  const named = Object.fromEntries(
    options.map(({ flag, type }) => [flag.slice(2), { type: type === 'boolean' ? type : ('string' as const) }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options: named, strict: false, tokens: true });
  const layer = emptyLayer();
  for (const token of tokens) {
    if (token.kind === 'positional') layer.problems.push(strayArgument(token.index));
    if (token.kind !== 'option') continue;
    const option = options.find(({ flag }) => flag === token.rawName);
    if (option === undefined) {
      layer.problems.push(unknown(token.rawName, [...options.map(({ flag }) => flag), ...otherFlags]));
      continue;
    }
    const { name, flag: origin } = option;
    const value = option.type === 'boolean' ? (token.value ?? 'true') : token.value;
    if (value === undefined || (!token.inlineValue && value.startsWith('--'))) {
      layer.problems.push({ option: name, origin, message: 'needs a value' });
    } else if (layer.given.has(name)) {
      layer.problems.push({ option: name, origin, message: 'given twice' });
    } else {
      layer.given.set(name, { value: readText(option, value), origin });
    }
  }
  return layer;
}

/** The argument itself is not shown: after a mistyped `--source` it is a URL that may contain a password. */
function strayArgument(index: number): Problem {
  return { option: `argument ${index + 1}`, message: 'belongs to no option' };
}

/** Variables of an API process, of the demo and of the tests, which may share the environment of this process. */
const foreignVariables = /^REVOCAST_(CONFIG|FEED|LOOKUP|(DEMO|TEST)_.+)$/;

/** For a Service named `revocast-…`, Kubernetes sets REVOCAST_…_SERVICE_HOST and similar variables in every container. */
const serviceLink = /^REVOCAST_(.+_)?(SERVICE_(HOST|PORT)(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export function readEnvironment(environment: Readonly<Record<string, string | undefined>>, table: OptionTable): Layer {
  const options = typedOptions(table);
  const layer = emptyLayer();
  const known = options.map((option) => option.environment);
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('REVOCAST_') || text === undefined) continue;
    const option = options.find((candidate) => candidate.environment === name);
    // Compose files and charts use an empty variable for an option that is not set.
    if (option !== undefined && text !== '') {
      layer.given.set(option.name, { value: readText(option, text), origin: name });
    }
    if (option !== undefined || foreignVariables.test(name) || serviceLink.test(name)) continue;
    layer.problems.push(unknown(name, known));
  }
  return layer;
}

/** Characters of a configuration file, and how deep its values may be nested. No option needs a twentieth of either. */
const maxYamlLength = 65_536;
const maxYamlDepth = 100;

/** An upper bound of the nesting: brackets in strings and comments count, and so do all signs before the text of a line. */
function depthOf(text: string): number {
  let open = 0;
  let deepest = 0;
  for (const [signs] of text.matchAll(/[[{]|[\]}]|^[ \t?:-]+/gm)) {
    if (signs === ']' || signs === '}') open = Math.max(0, open - 1);
    else if (signs === '[' || signs === '{') open += 1;
    deepest = Math.max(deepest, open, signs.length);
  }
  return deepest;
}

/** @param text YAML (or JSON): one mapping from option names to values. */
export function readYaml(text: string, path: string, { options }: OptionTable): Layer {
  // The parser calls itself for each level, and can end the process when the stack is full.
  if (text.length > maxYamlLength || depthOf(text) > maxYamlDepth) {
    const message = `expected at most ${maxYamlLength} characters, and at most ${maxYamlDepth} levels`;
    return emptyLayer({ option: 'config', origin: path, message });
  }
  let document: unknown;
  try {
    // Warnings of the parser would be printed, with the line.
    document = parseYaml(text, { logLevel: 'error' });
  } catch (error) {
    const line = error instanceof Error ? (/at line \d+/.exec(error.message)?.[0] ?? '') : '';
    // The message of the parser is not shown: it quotes the line, which may contain a password.
    return emptyLayer({ option: 'config', origin: path, message: `not YAML ${line}`.trimEnd() });
  }
  const layer = emptyLayer();
  if (document === null) return layer;
  if (typeof document !== 'object' || Array.isArray(document)) {
    return emptyLayer({ option: 'config', origin: path, message: 'expected a mapping of options' });
  }
  const known = options.map((option) => option.name);
  for (const [name, value] of Object.entries(document)) {
    if (known.includes(name)) layer.given.set(name, { value, origin: path });
    else layer.problems.push(unknown(name, known, path));
  }
  return layer;
}

// A text that is not a number or a boolean stays a string: the schema then reports which type it expects.
function readText({ type }: Option, text: string): unknown {
  if (type === 'integer') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  if (type !== 'list') return text;
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

/** Those that a text can hold. */
function typedOptions({ options }: OptionTable): readonly Option[] {
  return options.filter(({ type }) => type !== 'nested');
}

function unknown(name: string, known: readonly string[], origin?: string): Problem {
  return { option: name, origin, message: unknownOption(name, known) };
}
