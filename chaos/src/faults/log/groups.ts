import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'planned failover';
/** About two hundred statements a second. */
const trafficEveryMs = 5;

export const groups: readonly Fault[] = [
  {
    name: 'groups/cluster-fails-over',
    failure,
    world: { topology: 'cluster', trafficEveryMs },
    async run(world) {
      await pause(1500);
      await world.fault('the owner of the slot fails over to its redis replica', () => world.group.failover());
      await pause(1500);
    },
  },
  {
    name: 'groups/cluster-moves-the-slot',
    failure,
    world: { topology: 'cluster', trafficEveryMs },
    async run(world) {
      for (let time = 0; time < 3; time += 1) {
        await pause(1000);
        await world.fault('the slot of the log moves to another node, key by key', () => world.group.moveSlot());
      }
      await pause(1500);
    },
  },
  {
    name: 'groups/cluster-node-is-killed',
    failure: 'failover to a lagging redis replica',
    world: { topology: 'cluster', trafficEveryMs },
    recoverWithinMs: 30_000,
    async run(world) {
      await pause(1500);
      const owner = await world.group.primary();
      await world.loss(
        'the owner of the slot is killed',
        { survivors: ['s1', 's2'], replicasSurvive: true },
        async () => {
          await owner.kill();
          await pause(8000);
        },
      );
      await pause(1500);
    },
  },
  {
    name: 'groups/sentinel-fails-over',
    failure,
    world: { topology: 'sentinel', trafficEveryMs },
    async run(world) {
      await pause(1500);
      await world.fault('the Sentinels fail over', () => world.group.failover());
      await pause(1500);
    },
  },
  {
    name: 'groups/sentinel-primary-is-killed',
    failure: 'failover to a lagging redis replica',
    world: { topology: 'sentinel', trafficEveryMs },
    recoverWithinMs: 30_000,
    async run(world) {
      await pause(1500);
      const primary = await world.group.primary();
      await world.loss('the primary is killed', { survivors: ['s1', 's2'], replicasSurvive: true }, async () => {
        await primary.kill();
        await pause(8000);
      });
      await pause(1500);
    },
  },
];
