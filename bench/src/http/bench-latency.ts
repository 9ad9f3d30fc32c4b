import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { ascending, differences, quantile, summarize } from '../report/statistics.ts';
import { warmTokens } from './bench-throughput.ts';
import { withContender } from './contender-run.ts';
import { rateOf } from './load/closed-loop.ts';
import { openConnections } from './load/raw-connection.ts';
import { runOpenLoop } from './load/run-open-loop.ts';
import { tokensInTurn } from './token-supply.ts';
import { mintTokens } from './tokens.ts';
import { withIssuer } from './with-issuer.ts';

export interface LatencyOptions {
  readonly rules: number;
  readonly rounds: number;
  /** Duration of one round. */
  readonly seconds: number;
  /** Number of requests that measure the capacity of the bare route. */
  readonly amount: number;
  readonly warmUp: number;
  readonly progress: Progress;
}

/** More than the number of concurrent requests, so that no request waits for a connection. */
const openLoopConnections = 128;
const shareOfCapacity = 0.6;

interface Quantiles {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly lateP99Us: number;
}

/** Measures the latency that Revocast adds to the bare route, warm, at a load below the capacity of both. */
export async function benchLatency(options: LatencyOptions): Promise<Figure[]> {
  const { rules, rounds, seconds, amount, warmUp, progress } = options;
  return await withIssuer([rules], async (issuer, [setting]) => {
    if (setting === undefined) throw new Error('expected a setting');
    const tokens = await mintTokens(issuer, warmTokens);
    const run = { setting, warmUp: { tokens, amount: warmUp } };
    const capacities: number[] = [];
    for (let round = 0; round < 3; round++) {
      progress(`capacity of the bare route, round ${round + 1} of 3`);
      const load = (port: number) => rateOf(port, tokensInTurn(tokens, amount));
      capacities.push(await withContender({ ...run, contender: 'bare' }, load));
    }
    const perSecond = summarize(capacities).median * shareOfCapacity;
    const measure = (contender: string): Promise<Quantiles> =>
      withContender({ ...run, contender }, async (port) => {
        const opened = await openConnections(port, openLoopConnections);
        // One second of the open loop as warm-up, because the warm-up before was a closed loop.
        await runOpenLoop({ connections: opened, tokens, perSecond, amount: Math.ceil(perSecond) });
        const load = { connections: opened, tokens, perSecond, amount: Math.ceil(perSecond * seconds) };
        const { samples, generatorLateP99Ms } = await runOpenLoop(load);
        for (const connection of opened) connection.close();
        const sorted = ascending(samples.map(({ latencyMs }) => latencyMs * 1000));
        return { p50Us: quantile(sorted, 0.5), p99Us: quantile(sorted, 0.99), lateP99Us: generatorLateP99Ms * 1000 };
      });
    const bare: Quantiles[] = [];
    const guarded: Quantiles[] = [];
    for (let round = 0; round < rounds; round++) {
      progress(`open loop at ${perSecond.toFixed(0)}/s, round ${round + 1} of ${rounds}`);
      // The order changes, so that neither of the two always comes second.
      const first = round % 2 === 0 ? bare : guarded;
      for (const list of [first, first === bare ? guarded : bare]) {
        list.push(await measure(list === bare ? 'bare' : 'revocast'));
      }
    }
    return figuresOf({ bare, guarded, capacities });
  });
}

interface Measured {
  readonly bare: readonly Quantiles[];
  readonly guarded: readonly Quantiles[];
  readonly capacities: readonly number[];
}

function figuresOf({ bare, guarded, capacities }: Measured): Figure[] {
  const valuesOf = (rounds: readonly Quantiles[], name: keyof Quantiles) => rounds.map((round) => round[name]);
  const added = (name: keyof Quantiles) => summarize(differences(valuesOf(guarded, name), valuesOf(bare, name)));
  const of = (rounds: readonly Quantiles[], name: keyof Quantiles) => summarize(valuesOf(rounds, name));
  const unit = 'us';
  return [
    { name: 'capacity of the bare route', unit: 'requests/s', value: summarize(capacities) },
    { name: 'p50 bare', unit, value: of(bare, 'p50Us') },
    { name: 'p50 revocast', unit, value: of(guarded, 'p50Us') },
    { name: 'p50 added', unit, value: added('p50Us'), goal: goals.addedP50Us },
    { name: 'p99 bare', unit, value: of(bare, 'p99Us') },
    { name: 'p99 revocast', unit, value: of(guarded, 'p99Us') },
    { name: 'p99 added', unit, value: added('p99Us'), goal: goals.addedP99Us },
    { name: 'p99 delay of the load generator', unit, value: of([...bare, ...guarded], 'lateP99Us') },
  ];
}
