import { startRedis, startTestIssuer } from '@revocast/test-support';
import type { Progress } from '../progress.ts';
import { ratios, type Summary, summarize } from '../report/statistics.ts';
import { startRuleServer } from '../rules/rule-server.ts';
import { runClosedLoop } from './closed-loop.ts';
import { type ContenderRun, connections, withContender } from './contender-run.ts';
import type { Setting } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';
import { settingOf } from './setting.ts';
import { mintTokens } from './tokens.ts';

export interface ThroughputOptions {
  readonly algorithms: readonly Setting['algorithm'][];
  readonly rules: number;
  readonly rounds: number;
  /** Requests of one round. */
  readonly amount: number;
  /** Requests before it. */
  readonly warmUp: number;
  readonly progress: Progress;
}

export interface ThroughputLine {
  readonly contender: string;
  readonly about: string;
  readonly algorithm: string;
  /** Warm: a thousand live tokens. Cold: every token is new. */
  readonly temperature: 'warm' | 'cold';
  readonly requestsPerSecond: Summary;
  /** Of the bare route in the same rounds. */
  readonly ofBare: Summary;
}

export const warmTokens = 1000;

/** Every contender in alternating rounds, so that a slow minute of the machine falls on all. */
export async function benchThroughput(options: ThroughputOptions): Promise<ThroughputLine[]> {
  const { algorithms, rules, amount, warmUp, progress } = options;
  const redis = await startRedis();
  const feed = await startRuleServer(rules);
  const lines: ThroughputLine[] = [];
  try {
    for (const algorithm of algorithms) {
      const issuer = await startTestIssuer({ algorithm });
      progress(`minting ${amount + warmUp} tokens, ${algorithm}`);
      const fresh = await mintTokens(issuer, amount + warmUp);
      const setting = settingOf(issuer, { algorithm, feedUrl: feed.url, redisUrl: redis.url });
      const live = fresh.slice(0, warmTokens);
      lines.push(
        ...(await alternate('warm', { setting, warmUp: { tokens: live, amount: warmUp } }, live, options)),
        // A new process each round: the tokens of the last round are new to it.
        ...(await alternate(
          'cold',
          { setting, warmUp: { tokens: fresh.slice(amount), amount: warmUp } },
          fresh.slice(0, amount),
          options,
        )),
      );
      await issuer.close();
    }
  } finally {
    feed.end();
    await redis.stop();
  }
  return lines;
}

async function alternate(
  temperature: 'warm' | 'cold',
  run: Omit<ContenderRun, 'contender'>,
  tokens: readonly string[],
  { rounds, amount, progress }: ThroughputOptions,
): Promise<ThroughputLine[]> {
  const { algorithm } = run.setting;
  const able = contenders.filter(({ unable }) => unable?.includes(algorithm) !== true);
  const rates = new Map<string, number[]>(able.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name } of able) {
      progress(`${algorithm} ${temperature}, round ${round + 1} of ${rounds}: ${name}`);
      const load = (port: number) => runClosedLoop({ port, tokens, amount, connections });
      rates.get(name)?.push(await withContender({ ...run, contender: name }, load));
    }
  }
  const bare = rates.get('bare') ?? [];
  return able.map(({ name, about }) => {
    const own = rates.get(name) ?? [];
    const figures = { requestsPerSecond: summarize(own), ofBare: summarize(ratios(own, bare)) };
    return { contender: name, about, algorithm, temperature, ...figures };
  });
}
