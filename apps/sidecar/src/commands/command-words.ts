import type { OptionTable } from '../config/option-table.ts';

/** Flags that never take the next argument as their value, beside those of the options. */
const switches = ['--help', '-h', '--version', '--print-config'];

/** The words of the command may stand before, between or after the options: `--source redis://… init` is `init`. */
export function separateWords(
  argv: readonly string[],
  { options }: OptionTable,
): { readonly words: string[]; readonly rest: string[] } {
  const booleans = options.filter(({ type }) => type === 'boolean').map(({ flag }) => flag);
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
    if (argument.includes('=') || value === undefined || value.startsWith('--')) continue;
    if ([...switches, ...booleans].includes(argument)) continue;
    rest.push(value);
    at++;
  }
  return { words, rest: [...rest, ...argv.slice(end)] };
}

/** @param variable REVOCAST_CONFIG: the configuration file if there is no `--config`. */
export function takeConfigFile(argv: readonly string[], variable: string | undefined) {
  const at = argv.findIndex((flag) => flag === '--config' || flag.startsWith('--config='));
  const flag = argv[at];
  if (flag === undefined) return { path: variable, argv };
  const inline = flag.startsWith('--config=');
  const path = inline ? flag.slice('--config='.length) : argv[at + 1];
  if (path === undefined || path === '' || path.startsWith('--')) return 'missing';
  return { path, argv: argv.toSpliced(at, inline ? 1 : 2) };
}
