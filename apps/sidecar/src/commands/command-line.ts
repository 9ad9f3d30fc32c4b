import { parseArgs } from 'node:util';
import { readDuration, suggestName, writeDuration } from '@revocast/denylist/replica';
import { options } from '../config/options.ts';

/** A parsed command line. `argv` contains option flags only. */
export type Command =
  | {
      readonly name: 'run' | 'init' | 'repair' | 'raise-skew' | 'print-config' | 'config validate';
      readonly argv: readonly string[];
      readonly configFile?: string;
    }
  | { readonly name: 'config schema' | 'help' | 'version' }
  | {
      readonly name: 'wait';
      readonly maxMs: number;
      readonly url: string;
      readonly program: readonly [string, ...string[]];
    }
  | { readonly name: 'mistake'; readonly message: string };

const subcommands = ['run', 'init', 'repair', 'raise-skew', 'config validate', 'config schema', 'wait'] as const;

/** @param configVariable REVOCAST_CONFIG: the configuration file if there is no `--config`. */
export function readCommandLine(argv: readonly string[], configVariable?: string): Command {
  const { words, rest } = separateWords(argv);
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (own.includes('--help') || own.includes('-h') || words[0] === 'help') return { name: 'help' };
  if (own.includes('--version')) return { name: 'version' };

  const typed = words.length === 0 ? 'run' : words.join(' ');
  const name = subcommands.find((known) => known === typed);
  if (name === undefined) return unknownCommand(typed);
  if (name === 'wait') return readWait(rest);
  if (name === 'config schema') return { name };
  const configFile = takeConfigFile(rest, configVariable);
  if (configFile === 'missing') return mistake('--config needs the path of a file');
  const { path, argv: flags } = configFile;
  const prints = name === 'run' && flags.includes('--print-config');
  return {
    name: prints ? 'print-config' : name,
    argv: flags.filter((flag) => !prints || flag !== '--print-config'),
    configFile: path || undefined,
  };
}

/** Flags that never take the next argument as their value. */
const switches = [
  '--help',
  '-h',
  '--version',
  '--print-config',
  ...options.filter(({ type }) => type === 'boolean').map(({ flag }) => flag),
];

/** The words of the command may stand before, between or after the options: `--source redis://… init` is `init`. */
function separateWords(argv: readonly string[]): { readonly words: string[]; readonly rest: string[] } {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const words: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < end; at++) {
    const argument = argv[at] ?? '';
    if (!argument.startsWith('-')) {
      words.push(argument);
      continue;
    }
    rest.push(argument);
    const value = at + 1 < end ? argv[at + 1] : undefined;
    if (argument.includes('=') || switches.includes(argument) || value === undefined || value.startsWith('--'))
      continue;
    rest.push(value);
    at++;
  }
  return { words, rest: [...rest, ...argv.slice(end)] };
}

function unknownCommand(typed: string): Command {
  // Only plain words are shown: any other text may be a URL with a password.
  const shown = /^[a-z -]{1,40}$/.test(typed) ? `unknown command ${typed}` : 'unknown command';
  return mistake(shown, suggestName(typed, subcommands));
}

function takeConfigFile(argv: readonly string[], variable: string | undefined) {
  const at = argv.findIndex((flag) => flag === '--config' || flag.startsWith('--config='));
  const flag = argv[at];
  if (flag === undefined) return { path: variable, argv };
  const inline = flag.startsWith('--config=');
  const path = inline ? flag.slice('--config='.length) : argv[at + 1];
  if (path === undefined || path === '' || path.startsWith('--')) return 'missing';
  return { path, argv: argv.toSpliced(at, inline ? 1 : 2) };
}

const usageOfWait = 'expected: wait [--max 30s] [--url http://127.0.0.1:7472] -- program arguments…';
const mostWaitMs = 86_400_000;
const waitOptions = {
  max: { type: 'string', default: '30s' },
  url: { type: 'string', default: 'http://127.0.0.1:7472' },
} as const;

function readWait(argv: readonly string[]): Command {
  const split = argv.indexOf('--');
  const [program, ...programArguments] = split === -1 ? [] : argv.slice(split + 1);
  if (program === undefined) return mistake(usageOfWait);
  const given = parseWaitOptions(argv.slice(0, split));
  if (given === undefined) return mistake(usageOfWait);
  // A bare number is refused: 30 would be 30 ms, and most who write it mean seconds.
  const maxMs = /^\d+$/.test(given.max) ? undefined : readDuration(given.max);
  if (maxMs === undefined || maxMs > mostWaitMs) {
    return mistake(`--max: expected a time with ms, s, m or h, such as 30s, at most ${writeDuration(mostWaitMs)}`);
  }
  const { url } = given;
  if (!/^https?:/.test(url) || !URL.canParse(url)) return mistake('--url: expected the http URL of the admin listener');
  return { name: 'wait', maxMs, url, program: [program, ...programArguments] };
}

function parseWaitOptions(args: string[]) {
  try {
    return parseArgs({ args, options: waitOptions }).values;
  } catch {
    // The message is not shown: it may quote a URL.
    return undefined;
  }
}

function mistake(message: string, near?: string): Command {
  return { name: 'mistake', message: near === undefined ? message : `${message}; did you mean ${near}?` };
}
