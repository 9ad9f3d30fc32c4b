/** What can be measured alone, in the order in which it runs. */
export const parts = ['micro', 'cold', 'fleet', 'sizes', 'latency', 'flood', 'http'] as const;
export type Part = (typeof parts)[number];

/** Lines of Node, as majors. */
export const nodeLines = ['20', '22', '24', '26'] as const;
export type NodeLine = (typeof nodeLines)[number];

export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

/** What the operator of the bench asked for. Undefined: the default of each part. */
export interface Command {
  readonly help: boolean;
  /** Only the last line of stdout is for machines; tables go to stderr. */
  readonly json: boolean;
  /** Small sizes, to see that everything still runs. The figures mean nothing. */
  readonly quick: boolean;
  readonly only: readonly Part[];
  readonly node: NodeLine | undefined;
  readonly rounds: number | undefined;
  readonly rules: number | undefined;
  readonly algorithms: readonly Algorithm[] | undefined;
  /** Parts of names of contenders. */
  readonly contenders: readonly string[] | undefined;
}

export const help = `npm run bench -- [options]

  --only <parts>         some of ${parts.join(', ')}; several with commas
  --node <line>          runs every process of the bench on that line of Node: ${nodeLines.join(', ')}; its newest
                         release is taken from npm once. Default: the Node that started this
  --quick                small sizes and few rounds: under two minutes, to see that it still runs
  --rounds <n>           rounds of what alternates, 1-50; default: each part its own
  --rules <n>            rules in the denylist under http and latency, 0-20000000; default 1000000
  --algorithms <names>   of http: some of ${algorithms.join(', ')}; default all, with --quick ES256
  --contenders <words>   of http: only contenders with one of these words in their name, and the bare route
  --json                 tables to stderr; the last line of stdout is one JSON object
  --help

  --micro, --cold, --fleet, --sizes, --latency, --kid-flood, --http: the same as --only with that part

Examples: npm run bench -- --only http --node 24
          npm run bench -- --only http --node 26 --algorithms RS256 --contenders revocast,sha-256 --rounds 9

Goals stand beside the figures; missing one is no failure. docs/performance.md says how to read it.
Exit code: 0 measured, 1 something broke, 2 wrong options.
`;

const flagOfPart: Readonly<Record<string, Part>> = {
  ...Object.fromEntries(parts.filter((part) => part !== 'flood').map((part) => [`--${part}`, part])),
  '--kid-flood': 'flood',
};
const withValue = ['--only', '--node', '--rounds', '--rules', '--algorithms', '--contenders'];

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
    else if (withValue.includes(word)) {
      at += 1;
      const value = words[at];
      if (value === undefined) throw new RangeError(`${word} needs a value`);
      given.set(word, value);
    } else throw new RangeError(`unknown option ${word}`);
  }
  for (const part of readSome('--only', given, parts) ?? []) asked.add(part);
  const [node, second] = readSome('--node', given, nodeLines) ?? [];
  if (second !== undefined) throw new RangeError('--node: expected one line, because figures of two do not compare');
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

/** Words with commas between them, each out of `known`. */
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
