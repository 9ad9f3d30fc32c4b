import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock } from '@revocast/denylist/replica';
import { Redis } from 'ioredis';
import { numberIn } from '../message.ts';
import type { Progress } from '../progress.ts';
import type { Summary } from '../report/statistics.ts';
import { type Fleet, type FleetShape, startFleet } from './fleet.ts';
import { publishPaced } from './publish-paced.ts';
import { collect, hopsOf } from './seen.ts';
import { quantileOf } from './slices.ts';

/** Revocations a second before the measurement. */
const warmUpRate = 100;

export interface FleetOptions extends FleetShape {
  /** Revocations a second. */
  readonly rate: number;
  readonly seconds: number;
  /**
   * Revocations before the measurement, and as many bare hops. V8 compiles the code that handles a revocation during the first
   * thousand ones, and that would be divided by the few revocations of a run.
   */
  readonly warmUp: number;
}

export interface FleetLine extends FleetOptions {
  readonly revocations: number;
  /** From the call of `revoke()` until a process applied it, over all processes. The spread is over tenths of the run. */
  readonly p50Ms: Summary;
  readonly p99Ms: Summary;
  /** From XADD until XREAD in another process, at the same rate in the same run. */
  readonly bareP50Ms: Summary;
  readonly bareP99Ms: Summary;
  /** Relative to the bare hop. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  /** Number of revocations, summed over the processes, that were not applied. */
  readonly lost: number;
  /** CPU time of one process, and of its sidecar, for each revocation, with their idle time. Microseconds, all threads. */
  readonly processCpuUs: number;
  readonly sidecarCpuUs: number;
}

/** Measures the time from `revoke()` to every process, and beside it that of a bare hop through the same Redis. */
export async function benchFleet(options: FleetOptions, progress: Progress): Promise<FleetLine> {
  const { processes, depth, rate, seconds, warmUp } = options;
  progress(`fleet: ${processes} processes, ${depth} deep, ${rate} revocations/s for ${seconds} s`);
  const fleet = await startFleet(options);
  const bare = new Redis(fleet.redis.url);
  try {
    const added = new Map<string, number>();
    const { url } = fleet.redis;
    const beside = (id: string) => {
      added.set(id, clock.monotonicMs());
      return bare.xadd('bare', 'MAXLEN', '~', 10_000, '*', 'id', id);
    };
    const { size: from } = await publishPaced({ url, rate: warmUpRate, seconds: warmUp / warmUpRate, beside });
    await sleep(1000);
    for (const reader of [...fleet.replicas, fleet.stream]) await collect(reader);
    added.clear();
    const before = await readCpu(fleet);
    const revoked = await publishPaced({ url, rate, seconds, from, beside });
    await sleep(1000);
    const after = await readCpu(fleet);
    const hops = (await Promise.all(fleet.replicas.map(collect))).flatMap((seen) => hopsOf(seen, revoked));
    const bareHops = hopsOf(await collect(fleet.stream), added);
    const sliceMs = (seconds * 1000) / 10;
    const [p50Ms, p99Ms] = [quantileOf(hops, 0.5, sliceMs), quantileOf(hops, 0.99, sliceMs)];
    const [bareP50Ms, bareP99Ms] = [quantileOf(bareHops, 0.5, sliceMs), quantileOf(bareHops, 0.99, sliceMs)];
    return {
      ...options,
      revocations: revoked.size,
      ...{ p50Ms, p99Ms, bareP50Ms, bareP99Ms },
      p50Ratio: p50Ms.median / bareP50Ms.median,
      p99Ratio: p99Ms.median / bareP99Ms.median,
      lost: revoked.size * processes - hops.length,
      processCpuUs: (after.processUs - before.processUs) / revoked.size,
      sidecarCpuUs: (after.sidecarUs - before.sidecarUs) / revoked.size,
    };
  } finally {
    bare.disconnect();
    await fleet.end();
  }
}

/** CPU time until now, in microseconds: of one process on average, and of the sidecar. */
async function readCpu({ replicas, sidecar }: Fleet): Promise<{ processUs: number; sidecarUs: number }> {
  const each = await Promise.all(replicas.map(async (replica) => numberIn(await replica.ask('cpu'), 'cpuUs')));
  return { processUs: each.reduce((sum, us) => sum + us, 0) / each.length, sidecarUs: await sidecar.cpuUs() };
}
