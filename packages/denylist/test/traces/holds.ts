import { expect } from '@jest/globals';
import { steps } from '../model/script.ts';
import { World } from '../model/world.ts';

/**
 * Runs a schedule in the model under several seeds (delays, jitter, failing connections) and expects every promise to
 * hold. Token 0 is Ann, token 1 is Bob; sidecars 0 and 1 run, 2 is down; process n is at sidecar n.
 *
 * @param watch called after every slice of time; what it returns is a problem.
 */
export async function holds(schedule: readonly string[], watch?: (world: World) => string | undefined): Promise<void> {
  for (let seed = 0; seed < 8; seed++) {
    const noticed: string[] = [];
    const onSlice = (world: World) => {
      const problem = watch?.(world);
      if (problem !== undefined) noticed.push(problem);
    };
    const problems = await new World({ seed, onSlice }).run(steps(...schedule));
    expect({ seed, problems, noticed }).toEqual({ seed, problems: [], noticed: [] });
  }
}
