/** What can be measured alone, in the order in which it runs. */
export const parts = ['micro', 'cold', 'fleet', 'sizes', 'latency', 'flood', 'http'] as const;
export type Part = (typeof parts)[number];

/** What the operator of the bench asked for. */
export interface Command {
  readonly help: boolean;
  /** Only the last line of stdout is for machines; tables go to stderr. */
  readonly json: boolean;
  /** Small sizes, to see that everything still runs. The figures mean nothing. */
  readonly quick: boolean;
  readonly only: readonly Part[];
  /** Undefined: each part has its own default. */
  readonly rounds: number | undefined;
  readonly rules: number | undefined;
}

export const help = `npm run bench -- [options]

  --only <parts>  some of ${parts.join(', ')}; several with commas
  --quick         small sizes and few rounds: under two minutes, to see that it still runs
  --rounds <n>    rounds of what alternates, 1-50; default: each part its own
  --rules <n>     rules in the denylist under http and latency, 0-20000000; default 1000000
  --json          tables to stderr; the last line of stdout is one JSON object
  --help

  --micro, --cold, --fleet, --sizes, --latency, --kid-flood, --http: the same as --only with that part

Goals stand beside the figures; missing one is no failure. docs/performance.md says how to read it.
Exit code: 0 measured, 1 something broke, 2 wrong options.
`;

const flagOfPart: Readonly<Record<string, Part>> = {
  ...Object.fromEntries(parts.filter((part) => part !== 'flood').map((part) => [`--${part}`, part])),
  '--kid-flood': 'flood',
};

/** @throws RangeError with a sentence for people. */
export function readCommandLine(argv: readonly string[]): Command {
  const words = argv.flatMap((word) => (word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word]));
  const flags = new Set<string>();
  const given = new Map<string, string>();
  const asked = new Set<Part>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const part = flagOfPart[word];
    if (part !== undefined) asked.add(part);
    else if (['--help', '-h', '--json', '--quick'].includes(word)) flags.add(word);
    else if (['--only', '--rounds', '--rules'].includes(word)) {
      at += 1;
      const value = words[at];
      if (value === undefined) throw new RangeError(`${word} needs a value`);
      given.set(word, value);
    } else throw new RangeError(`unknown option ${word}`);
  }
  for (const name of given.get('--only')?.split(',') ?? []) asked.add(readPart(name));
  return {
    help: flags.has('--help') || flags.has('-h'),
    json: flags.has('--json'),
    quick: flags.has('--quick'),
    only: parts.filter((part) => asked.size === 0 || asked.has(part)),
    rounds: readCount('--rounds', given, { min: 1, max: 50 }),
    rules: readCount('--rules', given, { min: 0, max: 20_000_000 }),
  };
}

function readPart(name: string): Part {
  const part = parts.find((known) => known === name);
  if (part === undefined) throw new RangeError(`--only: expected some of ${parts.join(', ')}, found ${name}`);
  return part;
}

function readCount(
  name: string,
  given: ReadonlyMap<string, string>,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return count;
  throw new RangeError(`${name}: expected a whole number from ${min} to ${max}, found ${text}`);
}
