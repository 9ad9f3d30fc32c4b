import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'Redis down / SIGSTOP';
const persistent = { appendonly: 'yes', appendfsync: 'everysec' };

export const redisDown: readonly Fault[] = [
  {
    name: 'redis-down/killed',
    failure,
    world: { redisConfig: persistent, lookUp: true },
    run: (world) =>
      world.fault('Redis is killed and restarted with its data', async () => {
        await world.primary.kill();
        await pause(world.maxStalenessMs + 1500);
        await world.primary.restart();
      }),
  },
  {
    name: 'redis-down/paused',
    failure,
    world: { lookUp: true, express: true },
    run: (world) =>
      world.fault('Redis is paused by SIGSTOP and resumed', async () => {
        world.primary.pause();
        await pause(world.maxStalenessMs + 1500);
        world.primary.resume();
      }),
  },
  {
    name: 'redis-down/hiccup',
    failure,
    world: { maxStalenessMs: 5000 },
    alwaysAvailable: true,
    run: (world) =>
      world.fault('Redis is paused for 700 ms', async () => {
        world.primary.pause();
        await pause(700);
        world.primary.resume();
        await pause(1500);
      }),
  },
  {
    name: 'redis-down/accepted-by-policy',
    failure,
    world: { whenUnknown: 'accept', express: true },
    run: (world) =>
      world.fault('Redis is paused, and the policy accepts tokens with an unknown verdict', async () => {
        world.primary.pause();
        await pause(world.maxStalenessMs + 1500);
        world.primary.resume();
      }),
  },
];
