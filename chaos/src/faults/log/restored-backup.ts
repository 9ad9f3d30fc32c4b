import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'a backup of Redis is restored';
const recoverWithinMs = 45_000;
/** A log without a heartbeat for longer than a minute may be a restored one. */
const longPauseMs = 62_000;
/** A sidecar has written its state file: it does so two seconds after its start, and every two seconds from then on. */
const stateWrittenMs = 3000;

const everybody = (world: World) => [...world.sidecars, ...world.apis];

async function stopEverybody(world: World): Promise<void> {
  await world.stopTraffic();
  await Promise.all(everybody(world).map((actor) => actor.kill()));
}

async function startEverybody(world: World): Promise<void> {
  await Promise.all(everybody(world).map((actor) => actor.start()));
  await world.untilFresh(recoverWithinMs);
}

export const restoredBackup: readonly Fault[] = [
  ...[false, true].map(
    (stateFiles): Fault => ({
      name: `restored-backup/while-everybody-is-down${stateFiles ? '-with-state-files' : ''}`,
      failure,
      world: { stateFiles },
      recoverWithinMs,
      async run(world) {
        await pause(1500);
        await world.redisCommand('SAVE');
        for (let count = 0; count < 5; count += 1) await world.revoke();
        // Longer than the last seconds before a backup, of which a memory shows nothing.
        await pause(12_000);
        await stopEverybody(world);
        await world.loss('Redis restarts with a backup, and every process is new', { survivors: [] }, async () => {
          await world.primary.kill();
          await pause(longPauseMs);
          await world.primary.restart();
          await startEverybody(world);
        });
        await pause(6000);
        const restartedAt = await world.restartedAt('s1');
        world.expect('the loss is reported as a restart of the log', restartedAt !== undefined);
      },
    }),
  ),
  {
    name: 'restored-backup/a-sidecar-still-holds-the-rules',
    failure,
    recoverWithinMs,
    async run(world) {
      await pause(1500);
      await world.redisCommand('SAVE');
      await pause(1500);
      await world.loss('Redis restarts with an older backup', { survivors: ['s1', 's2'] }, async () => {
        await world.primary.kill();
        await world.primary.restart();
      });
      await pause(2000);
    },
  },
  {
    name: 'restored-backup/not-after-a-long-stop',
    failure,
    world: { stateFiles: true },
    recoverWithinMs,
    async run(world) {
      await pause(stateWrittenMs);
      await stopEverybody(world);
      await world.fault('every process stops for a minute, and the log is whole', async () => {
        await pause(longPauseMs);
        await startEverybody(world);
      });
      const restartedAt = await world.restartedAt('s1');
      world.expect('a long stop is not taken for a restored backup', restartedAt === undefined, restartedAt);
    },
  },
];
