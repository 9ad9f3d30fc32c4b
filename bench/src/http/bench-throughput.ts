import { startRedis, startTestIssuer, type TestIssuer } from '@revocast/test-support';
import type { Algorithm } from '../command-line.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { startRuleServer } from '../rules/rule-server.ts';
import { alternate } from './alternate.ts';
import type { Setting, Temperature } from './contenders/contender.ts';
import { chooseContenders } from './contenders/index.ts';
import { withRunners } from './runners.ts';
import { findSeries, lineOf, type Series, type ThroughputLine } from './series.ts';
import { settingOf } from './setting.ts';
import { goalFigures } from './throughput-goals.ts';
import { inSequence, type NextToken, tokensFor, tokensInTurn } from './token-supply.ts';
import { mintTokens } from './tokens.ts';

export interface ThroughputSizes {
  readonly algorithms: readonly Algorithm[];
  /** Words for `chooseContenders`. */
  readonly contenders: readonly string[] | undefined;
  readonly rules: number;
  readonly rounds: number;
  /** Number of requests to each contender before its first turn, with new tokens and with live ones. */
  readonly warmUp: { readonly cold: number; readonly warm: number };
  /** Number of warm and of cold turns of each contender in a round that count. */
  readonly turns: number;
  /** Number of turns before them that do not. */
  readonly rehearsals: Readonly<Record<Temperature, number>>;
  /** Duration of a warm turn, equal for all contenders. */
  readonly warmMs: number;
  /** Number of requests of a cold turn. */
  readonly coldAmount: number;
}

type ThroughputOptions = ThroughputSizes & { readonly progress: Progress };

export interface ThroughputResult {
  readonly lines: readonly ThroughputLine[];
  readonly goals: readonly Figure[];
}

export const warmTokens = 1000;
const temperatures = ['warm', 'cold'] as const satisfies readonly Temperature[];

/** Measures every contender and the bare route. */
export async function benchThroughput(options: ThroughputOptions): Promise<ThroughputResult> {
  const { algorithms, rules } = options;
  const redis = await startRedis();
  const feed = await startRuleServer(rules);
  const all: Series[] = [];
  try {
    for (const algorithm of algorithms) {
      const issuer = await startTestIssuer({ algorithm });
      const setting = settingOf(issuer, { algorithm, feedUrl: feed.url, redisUrl: redis.url });
      all.push(...(await benchAlgorithm(issuer, setting, options)));
      await issuer.close();
    }
  } finally {
    feed.end();
    await redis.stop();
  }
  return { lines: all.map((series) => lineOf(series, all)), goals: goalFigures(all) };
}

async function benchAlgorithm(issuer: TestIssuer, setting: Setting, options: ThroughputOptions): Promise<Series[]> {
  const { rounds, turns, rehearsals, progress, warmUp, warmMs, coldAmount } = options;
  const { algorithm } = setting;
  const newTokens = warmUp.cold + (rehearsals.cold + turns) * coldAmount;
  progress(`minting ${warmTokens + newTokens} tokens, ${algorithm}`);
  const live = await mintTokens(issuer, warmTokens);
  // Each round starts new processes and sends each of these tokens once to each process, so the tokens are cold.
  const fresh = await mintTokens(issuer, newTokens, warmTokens);
  const supplies: Readonly<Record<Temperature, (turn: number) => NextToken>> = {
    warm: () => tokensFor(live, warmMs),
    cold: (turn) => tokensInTurn(fresh.slice(warmUp.cold + turn * coldAmount), coldAmount),
  };
  const contenders = chooseContenders(options.contenders).filter(({ unable = [] }) => !unable.includes(algorithm));
  const all = temperatures.flatMap((temperature) =>
    contenders
      .filter(({ only = temperature }) => only === temperature)
      .map(({ name, about }): Series => ({ algorithm, temperature, contender: name, about, readings: [] })),
  );
  const warmUpTokens = () => inSequence(tokensInTurn(fresh, warmUp.cold), tokensInTurn(live, warmUp.warm));
  for (let round = 0; round < rounds; round++) {
    progress(`${algorithm}, round ${round + 1} of ${rounds}`);
    await withRunners({ contenders, setting, warmUp: warmUpTokens }, async (runners) => {
      for (const temperature of temperatures) {
        const seriesOf = (name: string) => findSeries(all, { algorithm, temperature }, name);
        const taking = runners.filter(({ name }) => seriesOf(name) !== undefined);
        const supply = supplies[temperature];
        const plan = { rehearsals: rehearsals[temperature], turns, supply, first: round };
        for (const reading of await alternate(taking, plan)) {
          seriesOf(reading.contender)?.readings.push(reading);
        }
      }
    });
  }
  return all;
}
