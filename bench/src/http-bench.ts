import { startRedis, startTestIssuer } from '@revocast/test-support';
import type { Setting } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';
import { measureRound } from './measure.ts';
import { serveRules } from './rules.ts';
import { type Summary, summarize } from './statistics.ts';

export interface HttpBenchOptions {
  readonly algorithms: readonly Setting['algorithm'][];
  readonly rules: number;
  readonly rounds: number;
  /** Requests of one round. */
  readonly amount: number;
  readonly progress: (text: string) => void;
}

export interface Line {
  readonly contender: string;
  readonly about: string;
  readonly algorithm: string;
  readonly temperature: 'warm' | 'cold';
  readonly requestsPerSecond: Summary;
  /** Of the bare route in the same rounds. */
  readonly ofBare: Summary;
}

const connections = 32;
const warmTokens = 1000;

/** Every contender in alternating rounds, so that a slow minute of the machine falls on all. */
export async function benchHttp(options: HttpBenchOptions): Promise<Line[]> {
  const { algorithms, rules, rounds, amount, progress } = options;
  const redis = await startRedis();
  const feed = await serveRules(rules);
  const lines: Line[] = [];
  try {
    for (const algorithm of algorithms) {
      const issuer = await startTestIssuer({ algorithm });
      progress(`minting ${amount + warmTokens} tokens, ${algorithm}`);
      const tokens = await mintTokens(issuer, amount + warmTokens);
      const setting: Setting = {
        issuer: issuer.issuer,
        audience: 'https://api.test',
        jwksUri: issuer.jwksUri,
        jwks: issuer.publicJwks,
        algorithm,
        redisUrl: redis.url,
        feedUrl: feed.url,
      };
      for (const temperature of ['warm', 'cold'] as const) {
        const run = { setting, connections, amount, warmUp: warmTokens };
        const used = temperature === 'warm' ? tokens.slice(0, warmTokens) : tokens;
        lines.push(...(await runRounds({ run: { ...run, tokens: used }, temperature, rounds, progress })));
      }
      await issuer.close();
    }
  } finally {
    await feed.close();
    await redis.stop();
  }
  return lines;
}

interface Rounds {
  readonly run: Omit<Parameters<typeof measureRound>[0], 'contender'>;
  readonly temperature: 'warm' | 'cold';
  readonly rounds: number;
  readonly progress: (text: string) => void;
}

async function runRounds({ run, temperature, rounds, progress }: Rounds): Promise<Line[]> {
  const { algorithm } = run.setting;
  const rates = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name } of contenders) {
      if (name.startsWith('express-jwt') && algorithm === 'EdDSA') continue;
      progress(`${algorithm} ${temperature}, round ${round + 1} of ${rounds}: ${name}`);
      const { requestsPerSecond } = await measureRound({ ...run, contender: name });
      rates.set(name, [...(rates.get(name) ?? []), requestsPerSecond]);
    }
  }
  const bare = rates.get('bare') ?? [];
  return contenders.flatMap(({ name, about }) => {
    const own = rates.get(name);
    if (own === undefined) return [];
    const ofBare = summarize(own.map((rate, round) => rate / (bare[round] ?? Number.NaN)));
    return [{ contender: name, about, algorithm, temperature, requestsPerSecond: summarize(own), ofBare }];
  });
}

async function mintTokens(issuer: { sign(claims?: object): Promise<string> }, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let index = 0; index < count; index++) {
    tokens.push(await issuer.sign({ jti: `token-${index}`, sid: `session-${index}`, sub: `user-${index % 5000}` }));
  }
  return tokens;
}
