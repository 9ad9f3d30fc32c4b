import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'Redis restarted empty, FLUSHALL';
/** A log that began empty is in recovery for 15 s, and so is every process that did not follow the log before. */
const recoverWithinMs = 30_000;
/** Time for revocations to be published, applied and denied before the loss. */
const warmUpMs = 1500;

export const emptied: readonly Fault[] = [
  {
    name: 'emptied/flushall',
    failure,
    world: { express: true },
    recoverWithinMs,
    async run(world) {
      await pause(warmUpMs);
      await world.loss('FLUSHALL', { survivors: ['s1', 's2'] }, () => world.redisCommand('FLUSHALL'));
      await pause(2000);
    },
  },
  {
    name: 'emptied/restarted-empty',
    failure,
    recoverWithinMs,
    async run(world) {
      await pause(warmUpMs);
      await world.loss('Redis restarts without its data', { survivors: ['s1', 's2'] }, () => world.primary.restart());
      await pause(2000);
    },
  },
  {
    name: 'emptied/cold-sidecar-and-look-up',
    failure,
    recoverWithinMs,
    world: { lookUp: true },
    async run(world) {
      await pause(warmUpMs);
      await world.sidecar('s1').kill();
      const healing = async () => {
        await world.revoke();
        await world.sidecar('s1').start();
        await world.api('a1').restart();
      };
      await world.loss('FLUSHALL, then a cold sidecar starts', { survivors: ['s2'], healing }, () =>
        world.redisCommand('FLUSHALL'),
      );
      await pause(2000);
    },
  },
  {
    name: 'emptied/holder-comes-back-later',
    failure,
    recoverWithinMs,
    async run(world) {
      await pause(warmUpMs);
      await world.sidecar('s2').kill();
      world.link('s1').blackhole();
      const healing = async () => {
        await world.sidecar('s2').start();
        await pause(1500);
        world.link('s1').flow();
      };
      await world.loss('FLUSHALL while the only survivor is cut off', { survivors: ['s1'], healing }, () =>
        world.redisCommand('FLUSHALL'),
      );
    },
  },
  {
    name: 'emptied/meta-deleted',
    failure,
    recoverWithinMs,
    async run(world) {
      await pause(warmUpMs);
      await world.loss('the key with the epoch of the log is deleted', { survivors: ['s1', 's2'] }, () =>
        world.redisCommand('DEL', '{revocast}:meta'),
      );
      await pause(2000);
    },
  },
];
