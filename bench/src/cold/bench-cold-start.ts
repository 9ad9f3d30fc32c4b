import { startRedis } from '@revocast/test-support';
import { declareWhole, startSidecar } from '../fleet/sidecar.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { type Goal, goals } from '../report/goals.ts';
import { summarize } from '../report/statistics.ts';
import { startRuleServer } from '../rules/rule-server.ts';
import { fillLog } from './fill-log.ts';
import { type ProcessStart, startProcess } from './start-process.ts';

export interface ColdStartOptions {
  readonly rules: number;
  readonly rounds: number;
  /**
   * `redis`: measures a sidecar that starts from Redis, and then a process behind it. `memory`: measures only the process,
   * behind a feed without Redis, because filling Redis with ten million rules takes too long.
   */
  readonly from: 'redis' | 'memory';
}

/** The goals are for a million rules. */
const goalRules = 1_000_000;

/** Measures the time until a new process is fresh, and the longest pause of the event loops during that time. */
export async function benchColdStart(options: ColdStartOptions, progress: Progress): Promise<Figure[]> {
  const figures = options.from === 'redis' ? await startFromRedis(options, progress) : await startFromMemory(options);
  return figures.map(({ name, goal, ...figure }) => ({
    ...figure,
    name: `${options.rules} rules: ${name}`,
    goal: options.rules === goalRules ? goal : undefined,
  }));
}

async function startFromRedis({ rules, rounds }: ColdStartOptions, progress: Progress): Promise<Figure[]> {
  progress(`filling a log with ${rules} rules`);
  const redis = await startRedis();
  try {
    await declareWhole(redis.url);
    await fillLog(redis.url, rules);
    const [readyMs, pauseMs]: [number[], number[]] = [[], []];
    const starts: ProcessStart[] = [];
    for (let round = 0; round < rounds; round++) {
      progress(`cold start with ${rules} rules, round ${round + 1} of ${rounds}`);
      const sidecar = await startSidecar(redis.url);
      try {
        readyMs.push(sidecar.readyAfterMs);
        pauseMs.push(await sidecar.takeLongestPauseMs());
        starts.push(await startProcess(sidecar, rules));
      } finally {
        sidecar.end();
      }
    }
    return [
      figure('sidecar from Redis, start to ready', readyMs, goals.sidecarReadyMs),
      figure('longest pause of that sidecar', pauseMs, goals.longestPauseMs),
      ...processFigures(starts),
    ];
  } finally {
    await redis.stop();
  }
}

async function startFromMemory({ rules, rounds }: ColdStartOptions): Promise<Figure[]> {
  const server = await startRuleServer(rules);
  try {
    const starts: ProcessStart[] = [];
    for (let round = 0; round < rounds; round++) {
      await server.takeLongestPauseMs();
      starts.push(await startProcess(server, rules));
    }
    return processFigures(starts);
  } finally {
    server.end();
  }
}

function processFigures(starts: readonly ProcessStart[]): Figure[] {
  const of = (key: keyof ProcessStart) => starts.map((start) => start[key]);
  return [
    figure('process behind the sidecar, fresh after', of('freshAfterMs'), goals.processFreshMs),
    figure('longest pause of that process', of('longestPauseMs'), goals.longestPauseMs),
    figure('longest pause of the sidecar during that', of('servingPauseMs'), goals.longestPauseMs),
  ];
}

function figure(name: string, values: readonly number[], goal: Goal): Figure {
  return { name, unit: 'ms', value: summarize(values), goal };
}
