import { suggestName } from '@revocast/denylist/replica';
import { separateWords, takeConfigFile } from '@revocast/sidecar/service';
import { receiverOptions } from '../config/receiver-options.ts';

/** A parsed command line. `argv` contains option flags only. */
export type Command =
  | {
      readonly name: 'run' | 'config print' | 'config validate';
      readonly argv: readonly string[];
      readonly configFile: string | undefined;
    }
  | { readonly name: 'config schema' | 'help' | 'version' }
  | { readonly name: 'mistake'; readonly message: string };

const commands = ['run', 'config validate', 'config print', 'config schema'] as const;

/** @param configVariable REVOCAST_CONFIG: the configuration file if there is no `--config`. */
export function readCommandLine(argv: readonly string[], configVariable?: string): Command {
  const { words, rest } = separateWords(argv, receiverOptions);
  if (rest.includes('--help') || rest.includes('-h') || words[0] === 'help') return { name: 'help' };
  if (rest.includes('--version')) return { name: 'version' };
  const typed = words.length === 0 ? 'run' : words.join(' ');
  const name = commands.find((known) => known === typed);
  if (name === undefined) return unknownCommand(typed);
  if (name === 'config schema') return { name };
  const configFile = takeConfigFile(rest, configVariable);
  if (configFile === 'missing') return { name: 'mistake', message: '--config needs the path of a file' };
  const { path, argv: flags } = configFile;
  const prints = name === 'run' && flags.includes('--print-config');
  return {
    name: prints ? 'config print' : name,
    argv: flags.filter((flag) => !prints || flag !== '--print-config'),
    configFile: path || undefined,
  };
}

function unknownCommand(typed: string): Command {
  // Only plain words are shown: any other text may be a URL with a password.
  const message = /^[a-z -]{1,40}$/.test(typed) ? `unknown command ${typed}` : 'unknown command';
  const near = suggestName(typed, commands);
  return { name: 'mistake', message: near === undefined ? message : `${message}; did you mean ${near}?` };
}
