import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { asksForFirstPage } from '../../world/redis/asks-for-page.ts';

const failure = 'failover to a lagging redis replica';
const world = { redisReplicas: 1 } as const;

export const failover: readonly Fault[] = [
  {
    name: 'failover/lagging-replica',
    failure,
    world,
    async run(world) {
      await pause(1000);
      world.link('r1').blackhole();
      await pause(2000);
      await world.loss('failover to a replica that lags', { survivors: ['s1', 's2'], replicasSurvive: true }, () =>
        world.promote(1),
      );
      await pause(1000);
    },
  },
  {
    name: 'failover/next-heartbeat-takes-the-number',
    failure,
    world,
    traffic: false,
    async run(world) {
      const lost = world.newTokens(2);
      await pause(300);
      world.link('r1').blackhole();
      await world.revoke(lost, { redisReplicas: 0 });
      await pause(100);
      // Both sidecars hold the revocation. From here the old and the new primary write heartbeats with the same numbers.
      await world.loss('failover that loses one entry', { survivors: ['s1', 's2'], replicasSurvive: true }, () =>
        world.promote(1),
      );
      await pause(1500);
    },
  },
  {
    name: 'failover/one-sidecar-held-it',
    failure,
    world,
    async run(world) {
      await pause(1000);
      world.link('s1').blackhole();
      world.link('r1').blackhole();
      await pause(1500);
      const healing = async () => world.link('s1').flow();
      await world.loss(
        'failover that loses entries which s1 did not receive',
        { survivors: ['s2'], replicasSurvive: true, healing },
        () => world.promote(1),
      );
      await pause(1000);
    },
  },
  {
    name: 'failover/old-primary-returns',
    failure,
    world,
    async run(world) {
      await pause(1000);
      world.link('r1').blackhole();
      await pause(1000);
      const healing = async () => {
        const [primary, old] = world.redis;
        world.link('r1').flow();
        if (primary !== undefined && old !== undefined) await world.demote(old, primary);
      };
      await world.loss(
        'failover, and the old primary joins as a replica',
        { survivors: ['s1', 's2'], replicasSurvive: true, healing },
        () => world.promote(1),
      );
      await pause(1500);
    },
  },
  {
    name: 'failover/during-a-first-snapshot',
    failure: 'failover between a snapshot and its second head',
    world: { redisReplicas: 1 },
    traffic: false,
    async run(world) {
      const seen = world.newTokens(2);
      await world.revoke(world.newTokens(1));
      await world.sidecar('s1').kill();
      await world.sidecar('s2').kill();
      world.link('r1').blackhole();
      const link = world.link('s2');
      // The revocation is in the pages of the snapshot, and the tail does not reach it.
      let revoked: Promise<unknown> | undefined;
      const stopWatching = link.onBytes(asksForFirstPage, 'up', () => {
        link.stall();
        revoked = world.revoke(seen, { redisReplicas: 0 }).then(() => link.flow());
      });
      let asked = false;
      link.onBytes('XREAD', 'up', () => {
        asked = true;
        link.stall();
      });
      await world.sidecar('s2').start();
      for (let waited = 0; !asked && waited < 5000; waited += 10) await pause(10);
      stopWatching();
      await revoked;
      world.expect('the snapshot is read before the failover', asked);
      world.expect('a revocation is logged while the snapshot is read', revoked !== undefined);
      const alsoHeld = [seen];
      const healing = async () => {
        link.flow();
        await world.sidecar('s1').start();
      };
      await world.loss(
        'failover before the second head',
        { survivors: ['s2'], replicasSurvive: true, alsoHeld, healing },
        () => world.promote(1),
      );
      await pause(1000);
    },
  },
];
