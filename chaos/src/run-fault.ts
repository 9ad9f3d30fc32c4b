import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { seededRandom } from '@revocast/test-support/seeded-random';
import type { BrokenBuild } from './broken/build.ts';
import type { Judgement } from './checkers/judge.ts';
import type { Fault } from './fault.ts';
import { Recorder } from './world/recorder.ts';
import { World } from './world/world.ts';
import { defaultMaxStalenessMs } from './world/world-options.ts';

export interface RunOptions {
  readonly seed: number;
  /** Each run writes its history to a folder inside this one. */
  readonly folder: string;
  readonly brokenBuild?: BrokenBuild;
}

export interface FaultRun extends Judgement {
  readonly fault: string;
  readonly seed: number;
  readonly folder: string;
  readonly tookMs: number;
}

const defaultRecoverWithinMs = 10_000;
export const defaultClockReadingMs = 500;

/** Plays one fault with its own processes, and checks the history. */
export async function runFault(fault: Fault, { seed, folder, brokenBuild }: RunOptions): Promise<FaultRun> {
  const startedMs = performance.now();
  const recorder = new Recorder(join(folder, `${fault.name.replaceAll('/', '-')}-${seed}`));
  const { recoverWithinMs = defaultRecoverWithinMs, extraBoundMs = 0, alwaysAvailable = false, traffic = true } = fault;
  const { clockReadingMs = defaultClockReadingMs } = fault;
  const { maxStalenessMs = defaultMaxStalenessMs } = fault.world ?? {};
  const boundMs = maxStalenessMs + extraBoundMs;
  const { name } = fault;
  recorder.write({
    kind: 'run',
    fault: name,
    seed,
    maxStalenessMs,
    boundMs,
    recoverWithinMs,
    clockReadingMs,
    alwaysAvailable,
  });
  let world: World | undefined;
  try {
    world = await World.open(fault.world ?? {}, { recorder, brokenBuild, random: seededRandom(seed) });
    if (traffic) world.startTraffic();
    await fault.run(world);
    if (fault.staysStale !== true) await world.settle(recoverWithinMs + 20_000);
  } catch (error) {
    // A script that failed shows nothing about the product, and must not count as a success.
    recorder.write({ kind: 'expectation', what: 'the fault is played to its end', held: false, found: String(error) });
  } finally {
    await world?.close();
  }
  const judgement = await judgeBeside(recorder.folder);
  return { ...judgement, fault: fault.name, seed, folder: recorder.folder, tookMs: performance.now() - startedMs };
}

/** Runs in a worker thread, because this thread must keep forwarding the links of other runs. */
async function judgeBeside(folder: string): Promise<Judgement> {
  const worker = new Worker(new URL('./checkers/judge-worker.js', import.meta.url), { workerData: folder });
  // Rejects when the worker throws.
  const [judgement] = await once(worker, 'message');
  return judgement as Judgement; // posted by judge-worker.ts as this type
}
