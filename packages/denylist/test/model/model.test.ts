import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { schedule } from './step.ts';
import { World } from './world.ts';

/** `MODEL_RUNS=20000` for a long search; `MODEL_SEED` repeats the one that a failure prints. */
const { MODEL_RUNS: runs = '200', MODEL_SEED: seedText } = process.env;

describe('the protocol, under random faults in random order', () => {
  it('denies within the bound, loses nothing that a holder has, ends no lift, and converges', async () => {
    const property = fc.asyncProperty(schedule, fc.nat(), async (steps, seed) => {
      expect(await new World({ seed }).run(steps)).toEqual([]);
    });
    await fc.assert(property, {
      numRuns: Number(runs),
      ...(seedText === undefined ? {} : { seed: Number(seedText) }),
    });
  }, 3_600_000);
});
