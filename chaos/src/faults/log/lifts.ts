import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'lifts under failure';
const both = { survivors: ['s1', 's2'] } as const;

export const lifts: readonly Fault[] = [
  {
    name: 'lifts/lost-then-blocked-again',
    failure,
    world: { redisReplicas: 1 },
    traffic: false,
    async run(world) {
      await world.revoke(await loseLift(world));
      await pause(1500);
    },
  },
  {
    name: 'lifts/lost-and-given-back',
    failure,
    world: { redisReplicas: 1 },
    traffic: false,
    async run(world) {
      await loseLift(world);
      await pause(1500);
    },
  },
  {
    name: 'lifts/while-a-re-seed-is-in-flight',
    failure,
    traffic: false,
    recoverWithinMs: 30_000,
    async run(world) {
      const first = world.newTokens(20);
      for (let token = first; token < first + 20; token += 2) await world.revoke(token);
      await pause(300);
      await world.loss('FLUSHALL', both, () => world.redisCommand('FLUSHALL'));
      for (let token = first; token < first + 20; token += 2) {
        await pause(100);
        await world.lift(token);
      }
      await pause(1500);
    },
  },
  {
    name: 'lifts/sidecar-comes-back-after-long',
    failure,
    traffic: false,
    async run(world) {
      const token = world.newTokens(2);
      await world.revoke(token, { dimension: 'subject', block: true });
      await pause(300);
      await world.fault(
        's2 is cut off while a block is lifted and both entries are trimmed from the stream',
        async () => {
          world.link('s2').blackhole();
          await world.lift(token, { dimension: 'subject' });
          await pause(300);
          await world.redisCommand('XTRIM', '{revocast}:log', 'MAXLEN', 1);
          await pause(world.maxStalenessMs);
          world.link('s2').flow();
        },
      );
    },
  },
  {
    name: 'lifts/ban-on-top-of-a-cutoff',
    failure,
    traffic: false,
    recoverWithinMs: 30_000,
    async run(world) {
      const token = world.newTokens(2);
      await world.revoke(token, { dimension: 'subject' });
      await world.revoke(token, { dimension: 'subject', block: true });
      await world.lift(token, { dimension: 'subject' });
      await pause(500);
      await world.loss('FLUSHALL', both, () => world.redisCommand('FLUSHALL'));
      await pause(1500);
    },
  },
];

/** @returns a token whose lift was lost in a failover, so that the denial is in force again. */
async function loseLift(world: World): Promise<number> {
  const token = world.newTokens(2);
  await world.revoke(token);
  await pause(500);
  world.link('r1').blackhole();
  await world.lift(token, { redisReplicas: 0 });
  await pause(300);
  await world.loss('the lift is lost in a failover', { ...both, replicasSurvive: true }, () => world.promote(1));
  return token;
}
