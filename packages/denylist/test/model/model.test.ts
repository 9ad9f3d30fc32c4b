import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Step, schedule } from './step.ts';
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

  it('lets a process not know, within the bound, of a denial stated after its last proof and lost by failovers', async () => {
    const steps: Step[] = [
      { event: { kind: 'flush' }, thenMs: 4000 },
      { event: { kind: 'switch', process: 0, sidecar: 2 }, thenMs: 0 },
      { event: { kind: 'cut replication' }, thenMs: 1000 },
      { event: { kind: 'deny', token: 0 }, thenMs: 50 },
      { event: { kind: 'failover' }, thenMs: 0 },
      { event: { kind: 'cut replication' }, thenMs: 0 },
      { event: { kind: 'deny', token: 0 }, thenMs: 0 },
      { event: { kind: 'failover' }, thenMs: 0 },
    ];
    expect(await new World({ seed: 899_364_814 }).run(steps)).toEqual([]);
  });
});
