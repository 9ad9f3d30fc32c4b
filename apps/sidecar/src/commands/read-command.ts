import { suggestName } from '@revocast/denylist/replica';
import type { OptionTable } from '../config/option-table.ts';
import { separateWords, takeConfigFile } from './command-words.ts';

/** A command that reads a configuration. `argv` contains option flags only. */
export interface ConfiguredCommand<Name extends string = never> {
  readonly name: Name | 'run' | 'config print' | 'config validate';
  readonly argv: readonly string[];
  readonly configFile: string | undefined;
}

/** What every program of this project that runs as a service understands. */
export type PlainCommand =
  | { readonly name: 'config schema' | 'help' | 'version' }
  | { readonly name: 'mistake'; readonly message: string };

/** The words of one program, beside those of {@link ConfiguredCommand} and {@link PlainCommand}. */
export interface Vocabulary<Name extends string> {
  readonly options: OptionTable;
  /** Its own commands that read the configuration. */
  readonly configured: readonly Name[];
  /** Its own commands that are read elsewhere; they are only suggested for a mistyped word. */
  readonly other?: readonly string[];
  /** REVOCAST_CONFIG: the configuration file if there is no `--config`. */
  readonly configVariable: string | undefined;
}

const common = ['run', 'config validate', 'config print'] as const;

/** Reads the arguments of a program. Without a word, the command is `run`. */
export function readCommand<Name extends string = never>(
  argv: readonly string[],
  { options, configured, other = [], configVariable }: Vocabulary<Name>,
): ConfiguredCommand<Name> | PlainCommand {
  const { words, rest } = separateWords(argv, options);
  const plain = readPlainCommand(words, rest);
  if (plain !== undefined) return plain;

  const typed = words.length === 0 ? 'run' : words.join(' ');
  if (typed === 'config schema') return { name: typed };
  const commands = [...common, ...configured];
  const name = commands.find((known) => known === typed);
  if (name === undefined) return unknownCommand(typed, [...commands, 'config schema', ...other]);
  const configFile = takeConfigFile(rest, configVariable);
  if (configFile === 'missing') return mistake('--config needs the path of a file');
  const { path, argv: flags } = configFile;
  const prints = name === 'run' && flags.includes('--print-config');
  return {
    name: prints ? 'config print' : name,
    argv: flags.filter((flag) => !prints || flag !== '--print-config'),
    configFile: path || undefined,
  };
}

/** `help` and `version`, which need no configuration. What stands after `--` belongs to another program. */
export function readPlainCommand(words: readonly string[], rest: readonly string[]): PlainCommand | undefined {
  const flags = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (flags.includes('--help') || flags.includes('-h') || words[0] === 'help') return { name: 'help' };
  return flags.includes('--version') ? { name: 'version' } : undefined;
}

export function mistake(message: string, near?: string) {
  return { name: 'mistake', message: near === undefined ? message : `${message}; did you mean ${near}?` } as const;
}

function unknownCommand(typed: string, commands: readonly string[]) {
  // Only plain words are shown: any other text may be a URL with a password.
  const shown = /^[a-z -]{1,40}$/.test(typed) ? `unknown command ${typed}` : 'unknown command';
  return mistake(shown, suggestName(typed, commands));
}
