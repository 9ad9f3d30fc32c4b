/** What the operator of the suite asked for. */
export interface Command {
  readonly help: boolean;
  /** Only the last line of stdout is for machines; progress goes to stderr. */
  readonly json: boolean;
  /** Prefixes of the names of faults; one that is empty takes all. */
  readonly only: readonly string[];
  /** Random runs, one a seed. */
  readonly seeds: number;
  readonly firstSeed: number;
  /** Minutes of random faults a seed; 0 plays none. */
  readonly minutes: number;
  /** How often each fault is played. */
  readonly repeat: number;
  /** Faults played at once. */
  readonly jobs: number;
  /** Minutes of load without a fault, instead of everything else. */
  readonly soak: number | undefined;
  readonly brokenBuild: string | undefined;
  /** Where the report is written as well. */
  readonly report: string | undefined;
  readonly historyFolder: string | undefined;
}

export const help = `npm run chaos -- [options]

Plays faults against real processes and judges the history afterwards.

  --only <prefixes>   only faults whose name begins so (see --list); several with commas
  --list              names of the faults, one a line
  --seeds <n>         random runs, one a seed (default 1)
  --seed <n>          the first seed (default: drawn, and printed)
  --minutes <n>       minutes of random faults a seed (default 2; 0 for none)
  --repeat <n>        how often each fault is played (default 1)
  --jobs <n>          faults played at once (default 2)
  --soak <minutes>    no fault, but load for so long: what grows is a leak
  --broken <build>    no-resync | lru | silent-accept: the suite must find it
  --report <file>     write the report there, too
  --history <folder>  keep histories there (default: a temporary folder, kept when something was found)
  --json              progress to stderr; the last line of stdout is
                      { faults, runs, violations, worstLateAcceptMs, recovery: { p50Ms, p99Ms } },
                      of a soak { soakMinutes, requests, statements, unavailable, wrongAnswers, violations,
                      worstRssGrowth, worstHeapGrowth }: growth in bytes a ten minutes
  --help

Exit code: 0 nothing was violated, 1 something was, 2 wrong options.
`;

const valued = ['--only', '--seeds', '--seed', '--minutes', '--repeat', '--jobs', '--soak', '--broken'].concat([
  '--report',
  '--history',
]);

/** @throws RangeError with a sentence for people. */
export function readCommandLine(argv: readonly string[], drawSeed: () => number): Command & { readonly list: boolean } {
  const given = new Map<string, string>();
  const flags = new Set<string>();
  const words = argv.flatMap((word) => (word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word]));
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (['--help', '-h', '--json', '--list'].includes(word)) flags.add(word);
    else if (valued.includes(word)) {
      const value = words[++at];
      if (value === undefined) throw new RangeError(`${word} needs a value`);
      given.set(word, value);
    } else throw new RangeError(`unknown option ${word}`);
  }
  const number = (name: string, fallback: number, least: number) => {
    const value = Number(given.get(name) ?? fallback);
    if (!Number.isFinite(value) || value < least) throw new RangeError(`${name}: a number of at least ${least}`);
    return value;
  };
  return {
    help: flags.has('--help') || flags.has('-h'),
    list: flags.has('--list'),
    json: flags.has('--json'),
    only: (given.get('--only') ?? '').split(','),
    seeds: number('--seeds', 1, 0),
    firstSeed: given.has('--seed') ? number('--seed', 1, 0) : drawSeed(),
    // With `--only`, minutes of random faults are not wanted.
    minutes: number('--minutes', given.has('--only') ? 0 : 2, 0),
    repeat: number('--repeat', 1, 1),
    jobs: number('--jobs', 2, 1),
    soak: given.has('--soak') ? number('--soak', 0, 1) : undefined,
    brokenBuild: given.get('--broken'),
    report: given.get('--report'),
    historyFolder: given.get('--history'),
  };
}
