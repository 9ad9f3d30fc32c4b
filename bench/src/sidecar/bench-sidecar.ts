import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@revocast/test-support';
import { fillLog } from '../cold/fill-log.ts';
import { declareWhole, startSidecar } from '../fleet/sidecar.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import { type Goal, goals } from '../report/goals.ts';
import { summarize } from '../report/statistics.ts';
import { startBare } from './bare.ts';
import { type BurstOptions, burstFigures } from './burst-figures.ts';
import { type ProcessCost, readProcessCost } from './process-cost.ts';

export interface SidecarOptions {
  readonly rounds: number;
  /** Seconds between the first answer 200 of `/readyz` and the reading of the memory. */
  readonly settleSeconds: number;
  /** Seconds over which the idle processor time is counted. */
  readonly idleSeconds: number;
  /** Rules in the log of the figure with many rules. */
  readonly rules: number;
  readonly burst: BurstOptions;
}

/** The goal of the memory with rules is for this number of them. */
const goalRules = 1_000_000;

/** What one idle process costs. */
interface Idle {
  readonly readyMs: number;
  /** Processor time until then: steadier on a busy machine. */
  readonly startCpuMs: number;
  readonly residentMB: number;
  readonly cpuMsPerSecond: number;
}

/** Measures what a sidecar costs a pod, beside a bare HTTP server of Node. */
export async function benchSidecar(options: SidecarOptions & { readonly progress: Progress }): Promise<Figure[]> {
  const { rounds, rules, burst, progress } = options;
  const bare: Idle[] = [];
  const sidecars: Idle[] = [];
  for (let round = 0; round < rounds; round++) {
    progress(`an idle server and an idle sidecar, round ${round + 1} of ${rounds}`);
    const server = await startBare();
    bare.push(await observe(server, options));
    sidecars.push(await withLog(0, async (url) => await observe(await startSidecar(url, 'none'), options)));
  }
  progress(`a sidecar with ${rules} rules`);
  const many = await withLog(rules, async (url) => await observe(await startSidecar(url, 'none'), options));
  progress('a burst of revocations');
  const afterBurst = await burstFigures(burst);
  const figures = (
    who: string,
    measured: readonly Idle[],
    judged: Partial<Record<keyof Idle, Goal>> = {},
  ): Figure[] => {
    const of = (key: keyof Idle) => ({ value: summarize(measured.map((idle) => idle[key])), goal: judged[key] });
    return [
      { name: `${who}: start to ready`, unit: 'ms', ...of('readyMs') },
      { name: `${who}: CPU until ready`, unit: 'ms', ...of('startCpuMs') },
      { name: `${who}: resident`, unit: 'MB', ...of('residentMB') },
      { name: `${who}: idle CPU`, unit: 'ms/s', ...of('cpuMsPerSecond') },
    ];
  };
  return [
    ...figures('bare HTTP server of Node', bare),
    ...figures('sidecar, empty log', sidecars, {
      readyMs: goals.sidecarStartMs,
      residentMB: goals.sidecarIdleMB,
      cpuMsPerSecond: goals.sidecarIdleCpuMs,
    }),
    ...figures(`sidecar, ${rules} rules`, [many], rules === goalRules ? { residentMB: goals.sidecarManyRulesMB } : {}),
    ...afterBurst,
  ];
}

interface Started {
  readonly pid: number;
  readonly readyAfterMs: number;
  end(): void;
}

/** Ends the process. */
async function observe(
  { pid, readyAfterMs, end }: Started,
  { settleSeconds, idleSeconds }: Pick<SidecarOptions, 'settleSeconds' | 'idleSeconds'>,
): Promise<Idle> {
  try {
    const { cpuMs: startCpuMs } = readProcessCost(pid);
    await sleep(settleSeconds * 1000);
    const before: ProcessCost = readProcessCost(pid);
    await sleep(idleSeconds * 1000);
    const after = readProcessCost(pid);
    return {
      readyMs: readyAfterMs,
      startCpuMs,
      residentMB: after.residentBytes / 1e6,
      cpuMsPerSecond: (after.cpuMs - before.cpuMs) / idleSeconds,
    };
  } finally {
    end();
  }
}

async function withLog<Result>(rules: number, use: (url: string) => Promise<Result>): Promise<Result> {
  const redis = await startRedis();
  try {
    if (rules > 0) await fillLog(redis.url, rules);
    await declareWhole(redis.url);
    return await use(redis.url);
  } finally {
    await redis.stop();
  }
}
