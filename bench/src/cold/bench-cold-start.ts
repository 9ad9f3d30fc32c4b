import { startRedis } from '@revocast/test-support';
import { numberIn, startChild } from '../child.ts';
import { declareWhole, startSidecar } from '../fleet/sidecar.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { goals } from '../report/goals.ts';
import { summarize } from '../report/statistics.ts';
import { fillLog } from './fill-log.ts';

export interface ColdStartOptions {
  readonly rules: number;
  readonly rounds: number;
  readonly progress: Progress;
}

/** The goals are for a million rules. */
const goalRules = 1_000_000;

interface ColdStart {
  readonly sidecarReadyMs: number;
  readonly sidecarPauseMs: number;
  readonly processFreshMs: number;
  readonly processPauseMs: number;
  readonly servingPauseMs: number;
}

/** A sidecar that starts from Redis, then an API process that starts beside it, and how long either answers nobody. */
export async function benchColdStart({ rules, rounds, progress }: ColdStartOptions): Promise<Figure[]> {
  progress(`filling a log with ${rules} rules`);
  const redis = await startRedis();
  try {
    await declareWhole(redis.url);
    await fillLog(redis.url, rules);
    const starts: ColdStart[] = [];
    for (let round = 0; round < rounds; round++) {
      progress(`cold start with ${rules} rules, round ${round + 1} of ${rounds}`);
      starts.push(await startCold(redis.url, rules));
    }
    const figure = (name: string, key: keyof ColdStart, goal: Figure['goal']): Figure => ({
      ...{ name: `${rules} rules: ${name}`, unit: 'ms', value: summarize(starts.map((start) => start[key])) },
      ...(rules === goalRules && goal !== undefined ? { goal } : {}),
    });
    return [
      figure('sidecar from Redis, start to ready', 'sidecarReadyMs', goals.sidecarReadyMs),
      figure('longest pause of that sidecar', 'sidecarPauseMs', goals.longestPauseMs),
      figure('process beside the sidecar, fresh after', 'processFreshMs', goals.processFreshMs),
      figure('longest pause of that process', 'processPauseMs', goals.longestPauseMs),
      figure('longest pause of the sidecar meanwhile', 'servingPauseMs', goals.longestPauseMs),
    ];
  } finally {
    await redis.stop();
  }
}

async function startCold(redisUrl: string, rules: number): Promise<ColdStart> {
  const sidecar = await startSidecar(redisUrl);
  const replica = startChild(new URL('../fleet/replica-process.js', import.meta.url));
  try {
    const sidecarPauseMs = await sidecar.takeLongestPauseMs();
    const said = await replica.ask({ url: sidecar.url });
    const held = numberIn(said, 'rules');
    if (held !== rules) throw new Error(`expected ${rules} rules, found ${held}`);
    return {
      sidecarReadyMs: sidecar.readyAfterMs,
      sidecarPauseMs,
      processFreshMs: numberIn(said, 'freshAfterMs'),
      processPauseMs: numberIn(said, 'longestPauseMs'),
      servingPauseMs: await sidecar.takeLongestPauseMs(),
    };
  } finally {
    replica.end();
    sidecar.end();
  }
}
