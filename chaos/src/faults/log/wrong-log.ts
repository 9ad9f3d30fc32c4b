import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { redisCommand } from '../../world/redis/redis-command.ts';
import type { World } from '../../world/world.ts';

const failure = 'a wrong log';

/** Leads s1 to the log of another Redis for a time. No rule may be written into that log. */
async function mislead(world: World, forMs: number): Promise<void> {
  await pause(1500);
  const other = await world.startAnotherLog();
  await world.fault(`the name of the log leads s1 to another Redis for ${forMs} ms`, async () => {
    world.links.lead('s1', other.port);
    world.link('s1').reset();
    await pause(forMs);
    world.links.lead('s1', world.primary.port);
    world.link('s1').reset();
    await pause(1500);
  });
  const written = Number(await redisCommand(other, 'HLEN', '{revocast}:rules'));
  world.expect('no rule is written into the other log', written === 0, `${written} rules`);
}

export const wrongLog: readonly Fault[] = [
  // Shorter than a proof lasts: without a pinned log, revocations of the first one may be missed for as long as this lasts.
  { name: 'wrong-log/for-a-moment', failure, run: (world) => mislead(world, 1400) },
  { name: 'wrong-log/pinned', failure, world: { pinned: true }, run: (world) => mislead(world, 8000) },
  {
    name: 'wrong-log/two-configurations',
    failure,
    world: { pinned: true },
    async run(world) {
      const other = await world.startAnotherLog();
      const stray = await world.addSidecar('stray', { source: 'redis' });
      world.links.lead('stray', other.port);
      await world.fault('a new sidecar is configured with another Redis', async () => {
        await stray.start();
        await pause(5000);
      });
      const ready = await world.isReady('stray');
      world.expect('a sidecar that expects a log is not ready on another one', !ready);
      await stray.kill();
    },
  },
];
