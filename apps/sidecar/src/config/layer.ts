import { parseArgs } from 'node:util';
import { suggestName } from '@revocast/denylist/replica';
import { parse as parseYaml } from 'yaml';
import { type Option, options } from './options.ts';

/** One value somebody gave, and where. */
export interface Given {
  readonly value: unknown;
  /** For people: `--drain-ms`, `REVOCAST_DRAIN_MS`, `/etc/revocast.yaml`. */
  readonly origin: string;
}

/** What one place says, by option name; unread values are still unchecked. */
export interface Layer {
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly Problem[];
}

/** A mistake of the operator: which option, where it was given, what is wrong. Never shows a secret. */
export interface Problem {
  readonly option: string;
  readonly origin?: string;
  readonly message: string;
}

/** What the command line understands beside the options of the schema. */
const otherFlags = ['--config', '--print-config', '--help', '--version'];

/** Reads `--flag value` and `--flag=value`. */
export function readFlags(argv: readonly string[]): Layer {
  const named = Object.fromEntries(options.map(({ flag }) => [flag.slice(2), { type: 'string' as const }]));
  const { tokens } = parseArgs({ args: [...argv], options: named, strict: false, tokens: true });
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(strayArgument(token.index));
    if (token.kind !== 'option') continue;
    const option = options.find(({ flag }) => flag === token.rawName);
    if (option === undefined) {
      problems.push(unknown(token.rawName, [...options.map(({ flag }) => flag), ...otherFlags]));
    } else if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
      problems.push({ option: option.name, origin: option.flag, message: 'needs a value' });
    } else if (given.has(option.name)) {
      problems.push({ option: option.name, origin: option.flag, message: 'given twice' });
    } else {
      given.set(option.name, { value: readText(option, token.value), origin: option.flag });
    }
  }
  return { given, problems };
}

/** Not shown: after a mistyped `--source` it is a URL with its password. */
function strayArgument(index: number): Problem {
  return { option: `argument ${index + 1}`, message: 'belongs to no option' };
}

/** What an API process beside reads, and what the demo and the tests do, may stand in the same environment. */
const foreignVariables = /^REVOCAST_(CONFIG|FEED|LOOKUP|(DEMO|TEST)_.+)$/;

/** Kubernetes announces a Service named `revocast-…` to every container as REVOCAST_…_SERVICE_HOST and the like. */
const serviceLink = /^REVOCAST_(.+_)?(SERVICE_(HOST|PORT)(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Layer {
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('REVOCAST_') || text === undefined) continue;
    const option = options.find((candidate) => candidate.environment === name);
    // An empty variable is how a compose file or a chart says "not set".
    if (option !== undefined && text !== '') given.set(option.name, { value: readText(option, text), origin: name });
    if (option !== undefined || foreignVariables.test(name) || serviceLink.test(name)) continue;
    problems.push(
      unknown(
        name,
        options.map(({ environment: known }) => known),
      ),
    );
  }
  return { given, problems };
}

/** @param text YAML (or JSON) with one mapping of option names. */
export function readYaml(text: string, path: string): Layer {
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    const line = error instanceof Error ? (/at line \d+/.exec(error.message)?.[0] ?? '') : '';
    // The parser's own message quotes the line, which may hold a password.
    return { given: new Map(), problems: [{ option: 'config', origin: path, message: `not YAML ${line}`.trimEnd() }] };
  }
  if (document === null) return { given: new Map(), problems: [] };
  if (typeof document !== 'object' || Array.isArray(document)) {
    return {
      given: new Map(),
      problems: [{ option: 'config', origin: path, message: 'expected a mapping of options' }],
    };
  }
  const given = new Map<string, Given>();
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(document)) {
    if (options.some((option) => option.name === name)) given.set(name, { value, origin: path });
    else
      problems.push({
        ...unknown(
          name,
          options.map((option) => option.name),
        ),
        origin: path,
      });
  }
  return { given, problems };
}

// A text that is no number stays a text, so that the schema can say what it expected.
function readText({ type }: Option, text: string): unknown {
  if (type === 'integer') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  return text;
}

function unknown(name: string, known: readonly string[]): Problem {
  const near = suggestName(name, known);
  return { option: name, message: near === undefined ? 'unknown option' : `unknown option; did you mean ${near}?` };
}
