import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@revocast/test-support';
import { type Child, startChild } from '../child.ts';
import { publishPaced } from '../fleet/publish-paced.ts';
import { declareWhole, type Sidecar, startSidecar } from '../fleet/sidecar.ts';
import { numberIn } from '../message.ts';
import type { Figure } from '../report/figure.ts';
import { type Goal, goals } from '../report/goals.ts';
import { summarize } from '../report/statistics.ts';
import { readProcessCost } from './process-cost.ts';

export interface BurstOptions {
  /** Rate of the burst, with at most 100 unanswered revocations. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Time between the burst and the last reading. */
  readonly settleSeconds: number;
}

interface Resident {
  readonly sidecar: number;
  readonly process: number;
}

/** The goal applies to this number of revocations. */
const goalRevocations = 100_000;
/** Maximum time until the process holds all revocations of the burst. */
const arrivalTimeoutMs = 120_000;

/** Measures the memory of a sidecar and of a process with a replica: before, after and some time after a burst. */
export async function burstFigures({ perSecond, seconds, settleSeconds }: BurstOptions): Promise<Figure[]> {
  const revocations = perSecond * seconds;
  return await withPair(async ({ sidecar, replica, redisUrl }) => {
    const read = async (): Promise<Resident> => ({
      sidecar: readProcessCost(sidecar.pid).residentBytes,
      process: numberIn(await replica.ask('resident'), 'residentBytes'),
    });
    // Time for the garbage of the start to be collected.
    await sleep(2000);
    const before = await read();
    await publishPaced({ url: redisUrl, rate: perSecond, seconds, inFlight: 100 });
    await arrived(replica, revocations);
    const after = await read();
    await sleep(settleSeconds * 1000);
    const later = await read();
    const burst = `a burst of ${revocations} revocations`;
    const goal = revocations === goalRevocations ? goals.sidecarAfterBurstMB : undefined;
    return [
      megabytes(`sidecar resident, one process behind it, before ${burst}`, before.sidecar),
      megabytes('sidecar resident, after it', after.sidecar),
      megabytes(`sidecar resident, ${settleSeconds} s later`, later.sidecar, goal),
      megabytes(`process with a replica resident, before ${burst}`, before.process),
      megabytes('process with a replica resident, after it', after.process),
      megabytes(`process with a replica resident, ${settleSeconds} s later`, later.process),
      {
        name: 'growth of that process for each rule',
        unit: 'bytes',
        value: summarize([(later.process - before.process) / revocations]),
      },
    ];
  });
}

export function megabytes(name: string, bytes: number, goal?: Goal): Figure {
  return { name, unit: 'MB', value: summarize([bytes / 1e6]), goal };
}

async function arrived(replica: Child, revocations: number): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const rules = numberIn(await replica.ask('resident'), 'rules');
    if (rules === revocations) return;
    if (performance.now() - startedAt > arrivalTimeoutMs) {
      throw new Error(`expected ${revocations} rules within ${arrivalTimeoutMs / 1000} s, found ${rules}`);
    }
    await sleep(100);
  }
}

interface Pair {
  readonly sidecar: Sidecar;
  readonly replica: Child;
  readonly redisUrl: string;
}

async function withPair<Result>(use: (pair: Pair) => Promise<Result>): Promise<Result> {
  const redis = await startRedis();
  const replica = startChild(new URL('./resident-process.js', import.meta.url));
  const ends = [replica.end];
  try {
    await declareWhole(redis.url);
    const sidecar = await startSidecar(redis.url, 'none');
    ends.push(sidecar.end);
    await replica.ask({ url: sidecar.url });
    return await use({ sidecar, replica, redisUrl: redis.url });
  } finally {
    for (const end of ends) end();
    await redis.stop();
  }
}
