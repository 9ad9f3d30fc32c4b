/** The parts of the bench, in the order in which they run. */
export const parts = [
  'micro',
  'cold',
  'sidecar',
  'fleet',
  'sizes',
  'latency',
  'flood',
  'attack',
  'streams',
  'http',
] as const;
export type Part = (typeof parts)[number];

/** Major versions of Node. */
export const nodeLines = ['20', '22', '24', '26'] as const;
export type NodeLine = (typeof nodeLines)[number];

export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

/** The parsed command line. Undefined: the default of each part. */
export interface Command {
  readonly help: boolean;
  /** Tables are printed to stderr, and stdout holds only a JSON object. */
  readonly json: boolean;
  /** Small sizes, to check that every part runs. The figures are not valid. */
  readonly quick: boolean;
  readonly only: readonly Part[];
  readonly node: NodeLine | undefined;
  readonly rounds: number | undefined;
  readonly rules: number | undefined;
  readonly algorithms: readonly Algorithm[] | undefined;
  /** Words that select contenders by name. */
  readonly contenders: readonly string[] | undefined;
}

export const help = `npm run bench -- [options]

  --only <parts>         run only these parts, separated by commas: ${parts.join(', ')}
  --node <line>          run every process of the bench on this major version of Node: ${nodeLines.join(', ')}; its newest
                         release is downloaded from npm once. Default: the running Node
  --quick                small sizes and few rounds: three minutes, to check that every part runs
  --rounds <n>           rounds of each measurement, 1-50; default: depends on the part
  --rules <n>            rules in the denylist in http and latency, 0-20000000; default 1000000
  --algorithms <names>   algorithms of http, from ${algorithms.join(', ')}; default all, with --quick ES256
  --contenders <words>   in http, only contenders with one of these words in their name, and the bare route
  --json                 print tables to stderr; the last line of stdout is one JSON object
  --help                 print this text

  --micro, --cold, --sidecar, --fleet, --sizes, --latency, --kid-flood, --attack, --streams, --http: the same as --only with this part

Examples: npm run bench -- --only http --node 24
          npm run bench -- --only http --node 26 --algorithms RS256 --contenders revocast,sha-256 --rounds 9

The tables show a goal beside each figure. A missed goal is not a failure. docs/performance.md explains the figures.
Exit code: 0 all parts measured, 1 a part failed, 2 wrong options.
`;

const flagOfPart: Readonly<Record<string, Part>> = {
  ...Object.fromEntries(parts.filter((part) => part !== 'flood').map((part) => [`--${part}`, part])),
  '--kid-flood': 'flood',
};
const withValue = ['--only', '--node', '--rounds', '--rules', '--algorithms', '--contenders'];

/** @throws RangeError for an unknown option or a wrong value. */
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
    else if (withValue.includes(word)) {
      at += 1;
      const value = words[at];
      if (value === undefined) throw new RangeError(`${word} needs a value; see --help`);
      given.set(word, value);
    } else throw new RangeError(`unknown option ${word}; see --help`);
  }
  for (const part of readSome('--only', given, parts) ?? []) asked.add(part);
  const [node, second] = readSome('--node', given, nodeLines) ?? [];
  if (second !== undefined)
    throw new RangeError('--node: expected one version, because figures of two versions cannot be compared');
  return {
    help: flags.has('--help') || flags.has('-h'),
    json: flags.has('--json'),
    quick: flags.has('--quick'),
    only: parts.filter((part) => asked.size === 0 || asked.has(part)),
    node,
    rounds: readCount('--rounds', given, { min: 1, max: 50 }),
    rules: readCount('--rules', given, { min: 0, max: 20_000_000 }),
    algorithms: readSome('--algorithms', given, algorithms),
    contenders: given.get('--contenders')?.split(','),
  };
}

/** Reads a comma-separated list of words of `known`. */
function readSome<Word extends string>(
  name: string,
  given: ReadonlyMap<string, string>,
  known: readonly Word[],
): Word[] | undefined {
  return given
    .get(name)
    ?.split(',')
    .map((text) => {
      const word = known.find((one) => one === text);
      if (word === undefined) throw new RangeError(`${name}: expected ${known.join(', ')}, found ${text}`);
      return word;
    });
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
