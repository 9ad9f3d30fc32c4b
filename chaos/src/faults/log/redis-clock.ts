import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'the clock of Redis is wrong';
const world = { systemFaults: true } as const;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Longer than the longest life of a token, after which the log forgets a rule. */
const pastEveryTokenMs = 25 * hourMs;

/** Runs `during` while the clock of the primary differs from all others. */
async function wrongClock(world: World, offsetMs: number, during: () => Promise<unknown>): Promise<void> {
  const { moveClock } = world.systemFaults();
  await world.fault(`the clock of Redis is wrong by ${offsetMs / minuteMs} min, then right again`, async () => {
    await moveClock(offsetMs);
    await during();
    await moveClock(0);
  });
  await pause(1000);
}

export const redisClock: readonly Fault[] = [
  {
    name: 'redis-clock/a-day-ahead-forgets-nothing',
    failure,
    world: { ...world, lookUp: true },
    // The log may refuse what depends on the time while its clock is alone.
    async run(world) {
      await pause(2000);
      await wrongClock(world, pastEveryTokenMs, async () => {
        await pause(8000);
        // A process that starts now has only what the log did not forget.
        await world.api('a1').restart();
        await world.sidecar('s1').kill();
        await world.sidecar('s1').start();
        await pause(4000);
      });
    },
  },
  ...[-2 * minuteMs, -hourMs, 3 * hourMs].map(
    (offsetMs): Fault => ({
      name: `redis-clock/cutoffs-at-${offsetMs / minuteMs}-min`,
      failure,
      world,
      async run(world) {
        await wrongClock(world, offsetMs, async () => {
          for (let round = 0; round < 5; round += 1) {
            await world.revoke(undefined, { dimension: 'subject' });
            await world.revoke(undefined, { dimension: 'client' });
            await world.revoke(undefined, { dimension: 'subject', block: true });
            await pause(300);
          }
        });
      },
    }),
  ),
  {
    name: 'redis-clock/wrong-from-the-start',
    failure,
    world: { ...world, started: false },
    async run(world) {
      await world.systemFaults().moveClock(-hourMs);
      await Promise.all([...world.sidecars, ...world.apis].map((actor) => actor.start()));
      await world.untilFresh(30_000);
      await world.fault('the clock of Redis is an hour behind since before the first process', () => pause(4000));
    },
  },
  {
    name: 'redis-clock/steps-during-a-restart-of-the-log',
    failure,
    world,
    recoverWithinMs: 30_000,
    async run(world) {
      await pause(1500);
      await world.loss('FLUSHALL, then Redis sets its clock forward', { survivors: ['s1', 's2'] }, async () => {
        await world.redisCommand('FLUSHALL');
        await world.systemFaults().moveClock(3 * hourMs);
      });
      await pause(3000);
      await world.systemFaults().moveClock(0);
      await pause(2000);
    },
  },
  {
    name: 'redis-clock/failover-to-a-slow-one',
    failure,
    world: { ...world, redisReplicas: 1 },
    async run(world) {
      await world.systemFaults(world.redis[1]).moveClock(-3 * hourMs);
      await pause(1000);
      await world.fault('a failover to a Redis whose clock is three hours behind', async () => {
        await world.promote(1);
        for (let round = 0; round < 4; round += 1) {
          await world.revoke(undefined, { dimension: 'subject' });
          await pause(500);
        }
      });
      await pause(1000);
      await world.systemFaults().moveClock(0);
      await pause(1000);
    },
  },
  {
    name: 'redis-clock/trembles',
    failure,
    // A latency that includes a step is wrong by as much; a minute and more would be noticed.
    clockReadingMs: 2500,
    world: { ...world, lookUp: true },
    async run(world) {
      await world.fault('the clock of Redis steps by up to a second, many times', async () => {
        for (let step = 0; step < 20; step += 1) {
          await world.systemFaults().moveClock((world.random() - 0.5) * 2000);
          await pause(300);
        }
        await world.systemFaults().moveClock(0);
      });
    },
  },
];
