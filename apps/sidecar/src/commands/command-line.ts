import { parseArgs } from 'node:util';
import { readDuration, writeDuration } from '@revocast/denylist/replica';
import { sidecarOptions } from '../config/options.ts';
import { separateWords } from './command-words.ts';
import { type ConfiguredCommand, mistake, type PlainCommand, readCommand, readPlainCommand } from './read-command.ts';

const configured = ['init', 'repair', 'raise-skew'] as const;

/** `wait`: starts a program when the sidecar is ready, or after `maxMs`. */
interface Wait {
  readonly name: 'wait';
  readonly maxMs: number;
  readonly url: string;
  readonly program: readonly [string, ...string[]];
}

export type Command = ConfiguredCommand<(typeof configured)[number]> | Wait | PlainCommand;

/** @param configVariable REVOCAST_CONFIG: the configuration file if there is no `--config`. */
export function readCommandLine(argv: readonly string[], configVariable?: string): Command {
  const { words, rest } = separateWords(argv, sidecarOptions);
  if (words.join(' ') === 'wait') return readPlainCommand(words, rest) ?? readWait(rest);
  return readCommand(argv, { options: sidecarOptions, configured, other: ['wait'], configVariable });
}

const usageOfWait = 'expected: wait [--max 30s] [--url http://127.0.0.1:7472] -- program arguments…';
const mostWaitMs = 86_400_000;
const waitOptions = {
  max: { type: 'string', default: '30s' },
  url: { type: 'string', default: 'http://127.0.0.1:7472' },
} as const;

function readWait(argv: readonly string[]): Wait | PlainCommand {
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
