import fc from 'fast-check';
import type { ProcessKind } from './sim-process.ts';
import { processKinds, type Step, schedule } from './step.ts';
import { World, type WorldOptions } from './world.ts';

export interface RandomRun {
  readonly steps: readonly Step[];
  readonly options: WorldOptions;
}

export const randomRun: fc.Arbitrary<RandomRun> = fc
  .record({ steps: schedule, kinds: processKinds, seed: fc.nat() })
  .map(({ steps, kinds, seed }) => ({ steps, options: { seed, ...settings(seed, kinds) } }));

/** @returns a sentence for each broken promise. */
export function violationsOf({ steps, options }: RandomRun): Promise<readonly string[]> {
  return new World(options).run(steps);
}

/** Which sidecars compare, remember, or are of the last release, and whether the run waits for a yes. */
function settings(seed: number, kinds: readonly ProcessKind[]): Omit<WorldOptions, 'seed'> {
  const oldSidecars = [[0], [1], [0, 2]][seed % 7] ?? [];
  // To wait for a last yes of `enforcedEverywhere` takes long, so only some runs do. A fail-open reader counts for a day,
  // and longer where clocks are wrong. A sidecar of the last release does not watch the heartbeats that it writes.
  const probes = seed % 4 === 0 && oldSidecars.length === 0 && kinds.every(({ failOpen }) => !failOpen);
  return { kinds, probes, oldSidecars, compares: seed % 3 === 0, stateFiles: [[], [0, 1, 2], [1]][seed % 5] };
}
