import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { ratios, summarize } from '../report/statistics.ts';
import { warmTokens } from './bench-throughput.ts';
import type { Burst } from './load/burst.ts';
import { withFloodTarget } from './load/flood-target.ts';
import { mintTokens, mintTokensOfUnknownKeys } from './tokens.ts';
import { withIssuer } from './with-issuer.ts';

export interface KidFloodOptions {
  readonly rounds: number;
  /** Number of requests of one burst, each with a different kid. */
  readonly kids: number;
  /** Bursts a round, half a second apart. The watched load lasts one second for each burst. */
  readonly bursts: number;
  /** Rate of the watched requests. */
  readonly perSecond: number;
  readonly warmUp: number;
  readonly progress: Progress;
}

/** p99 of requests with a known kid, in ms, one value for each round. */
interface Waits {
  readonly idle: number[];
  readonly besideGood: number[];
  readonly besideUnknown: number[];
  readonly duringGood: number[];
  readonly duringUnknown: number[];
  /** The same bursts to a route that checks nothing. */
  readonly duringBare: number[];
}

/**
 * Compares p99 of requests with a known kid during requests with unknown kids, evenly spaced or in bursts, with p99
 * without other requests. The same number of good tokens, and of requests to a route that checks nothing, shows the
 * cost of the requests themselves.
 */
export async function benchKidFlood(options: KidFloodOptions): Promise<Figure[]> {
  const { rounds, kids, bursts, perSecond, warmUp, progress } = options;
  return await withIssuer([1000], async (issuer, [setting]) => {
    if (setting === undefined) throw new Error('expected a setting');
    const tokens = await mintTokens(issuer, warmTokens);
    const good = Array.from({ length: kids * bursts }, (_, index) => tokens[index % tokens.length] ?? '');
    const goodLots = Array.from({ length: bursts }, () => good.slice(0, kids));
    const waits: Waits = {
      idle: [],
      besideGood: [],
      besideUnknown: [],
      duringGood: [],
      duringUnknown: [],
      duringBare: [],
    };
    const fetched: number[] = [];
    const floods: Burst[] = [];
    const run = (contender: string) => ({ contender, setting, warmUp: { tokens, amount: warmUp } });
    const watched = { tokens, perSecond };
    for (let round = 0; round < rounds; round++) {
      progress(`flood of ${kids} kids, round ${round + 1} of ${rounds}`);
      const mint = (lot: string) => mintTokensOfUnknownKeys(issuer, kids, `r${round}${lot}`);
      const unknownLots: string[][] = [];
      for (let lot = 0; lot < bursts; lot++) unknownLots.push(await mint(`b${lot}`));
      const spread: string[] = [];
      for (let lot = 0; lot < bursts; lot++) spread.push(...(await mint(`s${lot}`)));
      const bare = await withFloodTarget(run('bare'), watched, kids, (target) => target.during(goodLots));
      waits.duringBare.push(bare.p99);
      await withFloodTarget(run('revocast'), watched, kids, async (target) => {
        waits.idle.push(await target.idle(bursts));
        waits.besideGood.push(await target.beside(good, kids));
        waits.besideUnknown.push(await target.beside(spread, kids));
        waits.duringGood.push((await target.during(goodLots)).p99);
        const before = issuer.requests.count('/jwks');
        const flood = await target.during(unknownLots);
        waits.duringUnknown.push(flood.p99);
        fetched.push(issuer.requests.count('/jwks') - before);
        floods.push(...flood.bursts);
      });
    }
    const answers = Object.entries(floods.at(-1)?.statuses ?? {})
      .map(([status, count]) => `${count} x ${status}`)
      .join(', ');
    const slowest = Math.max(...floods.map(({ fromMs, toMs }) => toMs - fromMs));
    return [
      ...figuresOf(waits, kids),
      { name: 'fetches of the key set in the bursts of a round', unit: 'fetches', value: summarize(fetched) },
      { name: `slowest burst (the last was answered ${answers})`, unit: 'ms', value: summarize([slowest]) },
    ];
  });
}

function figuresOf(waits: Waits, kids: number): Figure[] {
  const wait = (name: string, of: keyof Waits): Figure => ({
    name: `p99 ${name}`,
    unit: 'ms',
    value: summarize(waits[of]),
  });
  const ratio = (name: string, of: keyof Waits, over: keyof Waits): Figure => ({
    name,
    unit: 'x',
    value: summarize(ratios(waits[of], waits[over])),
  });
  const goal = goals.kidFloodRatio;
  return [
    wait('idle', 'idle'),
    wait(`beside ${kids} good tokens a second`, 'besideGood'),
    wait(`beside ${kids} unknown kids a second`, 'besideUnknown'),
    { ...ratio('unknown kids over idle, evenly spaced', 'besideUnknown', 'idle'), goal },
    ratio('unknown kids over good tokens, evenly spaced', 'besideUnknown', 'besideGood'),
    wait(`during ${kids} requests at once to the bare route`, 'duringBare'),
    wait(`during ${kids} good tokens at once`, 'duringGood'),
    wait(`during ${kids} unknown kids at once`, 'duringUnknown'),
    { ...ratio('unknown kids over idle, at once', 'duringUnknown', 'idle'), goal },
    ratio('unknown kids over good tokens, at once', 'duringUnknown', 'duringGood'),
    ratio('unknown kids over the bare route, at once', 'duringUnknown', 'duringBare'),
  ];
}
