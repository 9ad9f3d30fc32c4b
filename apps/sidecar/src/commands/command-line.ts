import { parseArgs } from 'node:util';
import { readDuration, suggestName, writeDuration } from '@revocast/denylist/replica';
import { sidecarOptions } from '../config/options.ts';
import { separateWords, takeConfigFile } from './command-words.ts';

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
  const { words, rest } = separateWords(argv, sidecarOptions);
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

function unknownCommand(typed: string): Command {
  // Only plain words are shown: any other text may be a URL with a password.
  const shown = /^[a-z -]{1,40}$/.test(typed) ? `unknown command ${typed}` : 'unknown command';
  return mistake(shown, suggestName(typed, subcommands));
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
