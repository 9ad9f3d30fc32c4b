import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { ratios, summarize } from '../report/statistics.ts';
import { warmTokens } from './bench-throughput.ts';
import type { Burst } from './burst.ts';
import { connections, withContender } from './contender-run.ts';
import { type Flooder, startFlooder } from './flooder.ts';
import { openConnections, type RawConnection } from './raw-connection.ts';
import { runOpenLoop } from './run-open-loop.ts';
import { mintTokens, mintTokensOfUnknownKeys } from './tokens.ts';
import { withIssuer } from './with-issuer.ts';
import { p99Ms, within } from './within.ts';

export interface KidFloodOptions {
  readonly rounds: number;
  /** Requests of one burst, each under a kid of its own. */
  readonly kids: number;
  /** Bursts a round, half a second between them; the load that is watched lasts a second for each. */
  readonly bursts: number;
  /** Of the tokens that are watched, a second. */
  readonly perSecond: number;
  readonly warmUp: number;
  readonly progress: Progress;
}

/**
 * p99 of tokens with a known kid while unknown kids arrive, evenly spaced or in bursts, over that when nothing else does.
 * Bursts of as many good tokens stand beside: what those cost is the price of so many requests at once, and not of their
 * kids.
 */
export async function benchKidFlood(options: KidFloodOptions): Promise<Figure[]> {
  const { rounds, kids, bursts, perSecond, warmUp, progress } = options;
  return await withIssuer([1000], async (issuer, [setting]) => {
    if (setting === undefined) throw new Error('expected a setting');
    const tokens = await mintTokens(issuer, warmTokens);
    const run = { contender: 'revocast', setting, warmUp: { tokens, amount: warmUp } };
    return await withContender(run, async (port) => {
      const watched = await openConnections(port, connections);
      const beside = await openConnections(port, connections);
      const flooder = await startFlooder(port, kids);
      const measure = (lots: readonly (readonly string[])[], seconds: number) =>
        measureDuring({ watched, flooder, lots, seconds, tokens, perSecond });
      const fetches = () => issuer.requests.count('/jwks');
      const steady = (unknown: readonly string[]) =>
        measureBeside({ watched, beside, unknown, kidsPerSecond: kids, tokens, perSecond });
      const [idle, crowded, flooded, fetched]: [number[], number[], number[], number[]] = [[], [], [], []];
      const steadied: number[] = [];
      let [lastBurst, slowest]: [Burst | undefined, number] = [undefined, 0];
      for (let round = 0; round < rounds; round++) {
        progress(`flood of ${kids} kids, round ${round + 1} of ${rounds}`);
        const mint = (name: string) =>
          Promise.all(
            Array.from({ length: bursts }, (_, lot) => mintTokensOfUnknownKeys(issuer, kids, `r${round}${name}${lot}`)),
          );
        const [unknown, spread] = [await mint('b'), await mint('s')];
        idle.push((await measure([], bursts)).p99);
        steadied.push(await steady(spread.flat()));
        crowded.push(
          (
            await measure(
              Array.from({ length: bursts }, () => tokens),
              bursts,
            )
          ).p99,
        );
        const before = fetches();
        const flood = await measure(unknown, bursts);
        flooded.push(flood.p99);
        fetched.push(fetches() - before);
        for (const burst of flood.bursts) slowest = Math.max(slowest, burst.toMs - burst.fromMs);
        lastBurst = flood.bursts.at(-1) ?? lastBurst;
      }
      for (const connection of [...watched, ...beside]) connection.close();
      flooder.end();
      const answers = Object.entries(lastBurst?.statuses ?? {})
        .map(([status, count]) => `${count} x ${status}`)
        .join(', ');
      return [
        { name: 'p99 idle', unit: 'ms', value: summarize(idle) },
        { name: `p99 beside ${kids} unknown kids a second`, unit: 'ms', value: summarize(steadied) },
        { name: `p99 during ${kids} good tokens at once`, unit: 'ms', value: summarize(crowded) },
        { name: `p99 during ${kids} unknown kids at once`, unit: 'ms', value: summarize(flooded) },
        {
          name: 'flood over idle, evenly spaced',
          unit: 'x',
          value: summarize(ratios(steadied, idle)),
          goal: goals.kidFloodRatio,
        },
        {
          name: 'flood over idle, at once',
          unit: 'x',
          value: summarize(ratios(flooded, idle)),
          goal: goals.kidFloodRatio,
        },
        { name: 'flood over good tokens', unit: 'x', value: summarize(ratios(flooded, crowded)) },
        { name: 'fetches of the key set a round', unit: 'fetches', value: summarize(fetched) },
        { name: `slowest burst (the last was answered ${answers})`, unit: 'ms', value: summarize([slowest]) },
      ];
    });
  });
}

interface During {
  readonly watched: readonly RawConnection[];
  readonly flooder: Flooder;
  /** The tokens of each burst; none: idle. */
  readonly lots: readonly (readonly string[])[];
  readonly seconds: number;
  readonly tokens: readonly string[];
  readonly perSecond: number;
}

/** p99 of what was under way during the bursts, or of everything when there are none. */
async function measureDuring({ watched, flooder, lots, seconds, tokens, perSecond }: During) {
  const load = runOpenLoop({ connections: watched, tokens, perSecond, amount: perSecond * seconds });
  const bursts: Burst[] = [];
  const burst = async () => {
    for (const lot of lots) {
      await sleep(500);
      bursts.push(await flooder.burst(lot));
    }
  };
  const [{ samples }] = await Promise.all([load, burst()]);
  return { p99: p99Ms(lots.length === 0 ? samples : within(samples, bursts)), bursts };
}

interface Beside {
  readonly watched: readonly RawConnection[];
  readonly beside: readonly RawConnection[];
  readonly unknown: readonly string[];
  readonly kidsPerSecond: number;
  readonly tokens: readonly string[];
  readonly perSecond: number;
}

/** p99 of everything that is watched while unknown kids come evenly spaced, until there are no more of them. */
async function measureBeside({ watched, beside, unknown, kidsPerSecond, tokens, perSecond }: Beside): Promise<number> {
  const amount = Math.round((unknown.length / kidsPerSecond) * perSecond);
  const flood = { connections: beside, tokens: unknown, perSecond: kidsPerSecond, anyStatus: true };
  const [{ samples }] = await Promise.all([
    runOpenLoop({ connections: watched, tokens, perSecond, amount }),
    runOpenLoop({ ...flood, amount: unknown.length }),
  ]);
  return p99Ms(samples);
}
