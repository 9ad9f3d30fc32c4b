import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomRun, violationsOf } from './random-run.ts';
import { steps } from './script.ts';
import type { ProcessKind } from './sim-process.ts';
import type { Step } from './step.ts';
import { World } from './world.ts';

describe('the protocol, under random faults in random order', () => {
  // Always the same schedules, so that it does not fail by chance. `npm run model` searches with others.
  it('denies within the bound, loses nothing that a holder has, ends no lift, reports the truth, and converges', async () => {
    const property = fc.asyncProperty(randomRun, async (run) => expect(await violationsOf(run)).toEqual([]));
    await fc.assert(property, { numRuns: 50, seed: 1 });
  });

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

  it('does not take what a sidecar has read of a restored backup for what it remembers from before', async () => {
    const schedule = steps(
      // The state file of the first sidecar ends long before the backup; no other sidecar has one.
      ...['wait 7000', 'start sidecar 2 1000', 'kill sidecar 1', 'kill sidecar 0 12000', 'back up', 'deny 0 150'],
      // After the restart is stated, it is fresh on the backup.
      ...['stop all sidecars', 'night 90000', 'restore backup', 'start sidecar 0 17000'],
    );
    const options = { stateFiles: [0], compares: false };
    for (let seed = 0; seed < 5; seed++) expect(await new World({ seed, ...options }).run(schedule)).toEqual([]);
  });

  it('shows by nothing that the log continues once it is known that the log has lost what a sidecar remembers', async () => {
    const schedule = steps(
      ...['back up 1500', 'deny 0 7000', 'stop all sidecars', 'night 90000', 'restore backup'],
      // The loss is proven just when the wait ends.
      ...['start sidecar 0 11400', 'start sidecar 1 11000'],
    );
    const options = { stateFiles: [1], compares: false };
    for (let seed = 0; seed < 5; seed++) expect(await new World({ seed, ...options }).run(schedule)).toEqual([]);
  });

  it('writes no rule into another log when the name moves while a sidecar writes back', async () => {
    const schedule = steps(...['back up 1500', 'deny 0 800', 'restore backup 600', 'move name 8000', 'move name 1000']);
    for (let seed = 0; seed < 5; seed++) expect(await new World({ seed }).run(schedule)).toEqual([]);
  });

  it('lets no proof become older than 4 s while Redis answers 200–700 ms late in each direction', async () => {
    const minute = Array.from({ length: 60 }, () => 'wait 1000');
    for (let seed = 0; seed < 10; seed++) {
      let oldestMs = 0;
      let beganAtMs: number | undefined;
      const onSlice = ({ clock, processes }: World) => {
        const now = clock.monotonicMs();
        beganAtMs ??= now;
        const running = processes.filter(({ party }) => party.alive);
        // The first proofs take longer.
        if (now - beganAtMs > 8000)
          oldestMs = Math.max(oldestMs, ...running.map(({ replica }) => now - (replica.freshness.provenAtMs ?? 0)));
      };
      expect(await new World({ seed, lateMs: [200, 700], onSlice }).run(steps('deny 0 8000', ...minute))).toEqual([]);
      // Of the 5 s after which a process refuses, the rest is for a busy machine.
      expect(oldestMs).toBeLessThan(4000);
    }
  });

  it('accepts that a process which no line has named for a day uses an older answer of a look-up for a second', async () => {
    const kind: ProcessKind = { isLegacy: false, failOpen: false, lookUp: true };
    const schedule = steps(
      // Of the second process nothing is heard after the night. Its sidecar does not run.
      ...['deny 0 150', 'stop all sidecars 5', 'night 90000', 'start sidecar 0 4000', 'hang reports 0 7000'],
      ...['drop connection 0', 'drop connection 0 1500', 'deny 1', 'resume reports 0 400'],
    );
    const kinds = [{ ...kind, lookUp: false }, kind, kind];
    expect(await new World({ seed: 2_058_005_148, kinds }).run(schedule)).toEqual([]);
  });

  it('accepts that a sidecar which compares nothing misses what it wrote back, did not read, and a backup lacks', async () => {
    const schedule = steps(
      ...['kill sidecar 1', 'deny 1', 'cut replication 20', 'lift 1 400', 'failover 4000'],
      ...['hang tail 0', 'back up', 'deny 1', 'kill sidecar 2 400', 'restore backup 150', 'start sidecar 2 20'],
    );
    const world = { seed: 2_147_483_642, stateFiles: [1] };
    expect(await new World({ ...world, compares: false }).run(schedule)).toEqual([]);
    expect(await new World(world).run(schedule)).toEqual([]);
  });

  it('asks no sidecar to remember an entry of a denial that a failover had lost, and that was stated again', async () => {
    const schedule = steps(
      ...['cut replication 5', 'deny 0 5', 'failover 20', 'deny short 7000', 'back up 1000', 'deny 0 20'],
      ...['stop all sidecars 5', 'night 90000 50', 'restore backup', 'start sidecar 2 50'],
    );
    expect(await new World({ seed: 714_485_996, oldSidecars: [0], compares: false }).run(schedule)).toEqual([]);
  });

  it('holds a yes of a primary that was cut off later against no process whose log was lost since', async () => {
    const schedule = steps(
      ...['deny 1 7000', 'partition 3', 'deny 1 1500', 'move name 2500', 'move name 8500', 'flush 450'],
      ...['start process 2 20000'],
    );
    expect(await new World({ seed: 3 }).run(schedule)).toEqual([]);
  });

  it('lets a sidecar write back in the end, although its connection was closed some times in a row', async () => {
    const schedule = steps(
      ...['cut replication 5', 'deny 0 7000', 'failover 1000', 'pause process 0 50', 'deny 0 1000'],
      ...['resume process 0 1500', 'lift 1 150'],
    );
    const kinds: ProcessKind[] = [true, false, false].map((isLegacy) => ({ isLegacy, failOpen: false, lookUp: true }));
    const options = { kinds, probes: true, compares: false, stateFiles: [] };
    expect(await new World({ seed: 2_057_840_200, ...options }).run(schedule)).toEqual([]);
  });

  it('accepts that a failover loses what a sidecar had written back into a backup, when that sidecar stops too', async () => {
    const schedule = steps(
      ...['back up 400', 'deny 1 150', 'kill sidecar 1 1000', 'restore backup', 'start sidecar 1 5'],
      ...['pause sidecar 1 1000', 'cut replication 1000', 'deny 1 150', 'failover 150', 'kill sidecar 0'],
    );
    expect(await new World({ seed: 1_750_883_347, compares: false, stateFiles: [1] }).run(schedule)).toEqual([]);
  });

  it.each<[string, { readonly deny?: string; readonly back?: string; readonly old?: number }]>([
    ['is of the last release', { old: 2 }],
    ['reads a log that a process of the last release began', { deny: 'old deny 1 150' }],
    ['reads a log whose clock was set back since', { back: 'step log clock -58000' }],
  ])(
    'accepts that a sidecar ends the restart of a lost log when it comes from another log and %s',
    async (_, variant) => {
      const { deny = 'deny 1 150', back = 'wait', old } = variant;
      const schedule = steps(
        ...[
          'deny 0 10000',
          'flush',
          deny,
          'move name 7000',
          'start sidecar 2 7000',
          back,
          'move name 4000',
          'wait 4000',
        ],
      );
      const oldSidecars = old === undefined ? [] : [old];
      for (let seed = 0; seed < 5; seed++) expect(await new World({ seed, oldSidecars }).run(schedule)).toEqual([]);
    },
  );

  it('loses no denial that one sidecar holds alone, when another one names a log that was lost under the last release', async () => {
    const kind: ProcessKind = { isLegacy: false, failOpen: false, lookUp: true };
    const schedule = steps(
      ...['hang tail 0', 'deny 0', 'start process 0 1000', 'switch 0 0 400', 'resume tail 0 400', 'night 90000 1500'],
      ...['kill sidecar 2 150', 'isolate 2 1500', 'flush 1000', 'deny 0 4000', 'reconnect 2 4000', 'cut link 1 50'],
      ...['deny 0', 'restore link 1 50', 'cut replication 4000', 'deny 1 5', 'failover 20'],
    );
    const options = { kinds: [kind, { ...kind, isLegacy: true }, kind], oldSidecars: [0], compares: false };
    expect(await new World({ seed: 1_873_998_203, ...options }).run(schedule)).toEqual([]);
  });

  it('accepts that another program reports in the name of a reader of the last release while its stream is open', async () => {
    const kind: ProcessKind = { isLegacy: false, failOpen: false, lookUp: false };
    const kinds = [{ ...kind, isLegacy: true }, kind, kind];
    const schedule = steps('cut link 0', 'deny 0 400', 'forge report 0 400', 'wait 400');
    for (let seed = 0; seed < 5; seed++) expect(await new World({ seed, kinds }).run(schedule)).toEqual([]);
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
