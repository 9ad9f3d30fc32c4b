import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { steps } from './script.ts';
import type { ProcessKind } from './sim-process.ts';
import { processKinds, type Step, schedule } from './step.ts';
import { World, type WorldOptions } from './world.ts';

/** `MODEL_RUNS=20000` for a long search; `MODEL_SEED` repeats the one that a failure prints. */
const { MODEL_RUNS: runs = '200', MODEL_SEED: seedText } = process.env;

/** Only a long search restores backups and moves names: rare states, which the fixed schedules reach at once. */
const rare: ReadonlySet<Step['event']['kind']> = new Set([
  'back up',
  'restore backup',
  'move name',
  'stop all sidecars',
]);
const isSearched = ({ event }: Step): boolean => process.env['MODEL_RUNS'] !== undefined || !rare.has(event.kind);

/** Which sidecars compare, remember, or are of the last release, and whether the run waits for a yes. */
function settings(seed: number, kinds: readonly ProcessKind[]): Omit<WorldOptions, 'seed'> {
  const oldSidecars = [[0], [1], [0, 2]][seed % 7] ?? [];
  // To wait for a last yes of `enforcedEverywhere` takes long, so only some runs do. A fail-open reader counts for a day,
  // and longer where clocks are wrong. A sidecar of the last release does not watch the heartbeats that it writes.
  const probes = seed % 4 === 0 && oldSidecars.length === 0 && kinds.every(({ failOpen }) => !failOpen);
  return { kinds, probes, oldSidecars, compares: seed % 3 === 0, stateFiles: [[], [0, 1, 2], [1]][seed % 5] };
}

describe('the protocol, under random faults in random order', () => {
  it('denies within the bound, loses nothing that a holder has, ends no lift, reports the truth, and converges', async () => {
    const property = fc.asyncProperty(schedule, processKinds, fc.nat(), async (events, kinds, seed) => {
      expect(await new World({ seed, ...settings(seed, kinds) }).run(events.filter(isSearched))).toEqual([]);
    });
    await fc.assert(property, {
      numRuns: Number(runs),
      ...(seedText === undefined ? {} : { seed: Number(seedText) }),
    });
  }, 3_600_000);

  it('does not let a sidecar end a restart that has not read the lost log for longer than it may be stale', async () => {
    const schedule = steps(
      ...['kill sidecar 1 3000', 'cut replication', 'deny 1 1000', 'failover 800'],
      // It has noticed the failover and cannot read the log of the new primary, which is then lost as well.
      ...['hang reports 0', 'deny 0 9000', 'flush'],
    );
    expect(await new World({ seed: 0 }).run(schedule)).toEqual([]);
  });

  it('does not let a sidecar end the restart of a restored backup that it has read after it was restored', async () => {
    const schedule = steps(
      ...[
        'back up',
        'deny 1 5000',
        'stop all sidecars',
        'restore backup',
        'start sidecar 2 3000',
        'start sidecar 1 3500',
      ],
      // It misses an entry when the first one states the restart.
      ...['hang tail 2 2600', 'trim', 'resume tail 2 9000'],
    );
    for (let seed = 0; seed < 5; seed++) expect(await new World({ seed, compares: false }).run(schedule)).toEqual([]);
  });

  it('writes no rule of another log back that a sidecar has read and was never fresh on', async () => {
    const schedule = steps(
      ...[
        'deny 1 150',
        'move name 1000',
        'start sidecar 2 400',
        'move name 1500',
        'cut replication',
        'deny 0',
        'failover',
      ],
    );
    for (let seed = 10; seed < 15; seed++) {
      expect(await new World({ seed, compares: false, stateFiles: [] }).run(schedule)).toEqual([]);
    }
  });

  it('accepts, within the bound, that a process misses a denial stated after its last proof and lost by failovers', async () => {
    const events: Step[] = [
      { event: { kind: 'flush' }, thenMs: 4000 },
      { event: { kind: 'switch', process: 0, sidecar: 2 }, thenMs: 0 },
      { event: { kind: 'cut replication' }, thenMs: 1000 },
      { event: { kind: 'deny', token: 0 }, thenMs: 50 },
      { event: { kind: 'failover' }, thenMs: 0 },
      { event: { kind: 'cut replication' }, thenMs: 0 },
      { event: { kind: 'deny', token: 0 }, thenMs: 0 },
      { event: { kind: 'failover' }, thenMs: 0 },
    ];
    expect(await new World({ seed: 899_364_814 }).run(events)).toEqual([]);
  });
});
