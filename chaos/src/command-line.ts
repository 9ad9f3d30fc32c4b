/** The parsed command line. */
export interface Command {
  readonly help: boolean;
  /** Progress is printed to stderr, and stdout holds only the summary. */
  readonly json: boolean;
  /** Prefixes of fault names. An empty prefix selects all faults. */
  readonly only: readonly string[];
  /** Number of random runs; each has its own seed. */
  readonly seeds: number;
  readonly firstSeed: number;
  /** Duration of each random run, in minutes. 0: no random runs. */
  readonly minutes: number;
  /** Number of runs of each fault. */
  readonly repeat: number;
  /** Number of faults that run at the same time. */
  readonly jobs: number;
  /** Minutes of load without a fault. No fault is run then. */
  readonly soak: number | undefined;
  readonly brokenBuild: string | undefined;
  /** File to which the report is also written. */
  readonly report: string | undefined;
  readonly historyFolder: string | undefined;
}

export const help = `npm run chaos -- [options]

Causes faults in real processes, and checks the recorded history afterwards.

  --only <prefixes>   run only faults with these prefixes of a name, separated by commas
  --list              print the names of the faults, one a line
  --seeds <n>         number of random runs, each with its own seed (default 1)
  --seed <n>          the first seed (default: a random number, which is printed)
  --minutes <n>       duration of a random run (default 2, with --only 0; 0: no random run)
  --repeat <n>        number of runs of each fault (default 1)
  --jobs <n>          number of faults that run at the same time (default 2)
  --soak <minutes>    run load without faults, and report growth of memory, handles and the log
  --broken <build>    run a build with a known defect: no-resync | lru | silent-accept
  --report <file>     write the report to this file, too
  --history <folder>  write the histories to this folder
                      (default: a temporary folder, which is kept when there is a violation)
  --json              print progress to stderr; the last line of stdout is
                      { faults, runs, notRun, violations, worstLateAcceptMs, recovery: { p50Ms, p99Ms },
                      recoveryAfterLoss: { p50Ms, p99Ms } } (after faults in which the log lost data),
                      of a soak { soakMinutes, requests, statements, unavailable, wrongAnswers, violations,
                      worstRssGrowth, worstHeapGrowth }, with growth in bytes in ten minutes
  --help              print this text

Exit code: 0 no violation, 1 at least one violation, 2 wrong options.
`;

const valued = ['--only', '--seeds', '--seed', '--minutes', '--repeat', '--jobs', '--soak', '--broken'].concat([
  '--report',
  '--history',
]);

/** @throws RangeError for an unknown option or a wrong value. */
export function readCommandLine(argv: readonly string[], drawSeed: () => number): Command & { readonly list: boolean } {
  const given = new Map<string, string>();
  const flags = new Set<string>();
  const words = argv.flatMap((word) => (word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word]));
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (['--help', '-h', '--json', '--list'].includes(word)) flags.add(word);
    else if (valued.includes(word)) {
      const value = words[++at];
      if (value === undefined) throw new RangeError(`${word} needs a value; see --help`);
      given.set(word, value);
    } else throw new RangeError(`unknown option ${word}; see --help`);
  }
  const number = (name: string, fallback: number, least: number) => {
    const value = Number(given.get(name) ?? fallback);
    if (!Number.isFinite(value) || value < least)
      throw new RangeError(`${name} must be a number of at least ${least}; found ${given.get(name)}`);
    return value;
  };
  return {
    help: flags.has('--help') || flags.has('-h'),
    list: flags.has('--list'),
    json: flags.has('--json'),
    only: (given.get('--only') ?? '').split(','),
    seeds: number('--seeds', 1, 0),
    firstSeed: given.has('--seed') ? number('--seed', 1, 0) : drawSeed(),
    minutes: number('--minutes', given.has('--only') ? 0 : 2, 0),
    repeat: number('--repeat', 1, 1),
    jobs: number('--jobs', 2, 1),
    soak: given.has('--soak') ? number('--soak', 0, 1) : undefined,
    brokenBuild: given.get('--broken'),
    report: given.get('--report'),
    historyFolder: given.get('--history'),
  };
}
