import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'stream trimmed past a reader, file shortened';

export const forgottenPast: readonly Fault[] = [
  {
    name: 'forgotten-past/trimmed',
    failure,
    run: (world) =>
      world.fault('the stream is trimmed past s1, which is behind', async () => {
        world.link('s1').blackhole();
        await pause(1200);
        await world.redisCommand('XTRIM', '{revocast}:log', 'MAXLEN', 1);
        world.link('s1').flow();
        await pause(1000);
      }),
  },
  {
    name: 'forgotten-past/stream-deleted',
    failure,
    run: (world) =>
      world.fault('the stream is deleted while sidecars read it', async () => {
        await pause(500);
        await world.redisCommand('DEL', '{revocast}:log');
        await pause(1000);
      }),
  },
  {
    name: 'forgotten-past/process-follows-redis',
    failure,
    async run(world) {
      const own = await world.addApi('a-redis', { via: 'redis' });
      await own.start();
      await world.untilFresh(10_000);
      await world.fault('the stream is trimmed past a process that reads Redis directly', async () => {
        world.link('a-redis').blackhole();
        await pause(1200);
        await world.redisCommand('XTRIM', '{revocast}:log', 'MAXLEN', 1);
        world.link('a-redis').flow();
        await pause(1000);
      });
    },
  },
  {
    name: 'forgotten-past/file-shortened',
    failure,
    world: { redisConfig: { appendonly: 'yes', appendfsync: 'always' } },
    async run(world) {
      await pause(2000);
      await world.loss('the append-only file loses its end', { survivors: ['s1', 's2'] }, async () => {
        await world.primary.kill();
        await shorten(join(world.primary.dir, 'appendonlydir'), 3000);
        await world.primary.restart();
      });
      await pause(1500);
    },
  },
];

async function shorten(folder: string, bytes: number): Promise<void> {
  const increment = (await readdir(folder)).find((name) => name.endsWith('.incr.aof'));
  if (increment === undefined) throw new Error(`no append-only file in ${folder}`);
  const path = join(folder, increment);
  await truncate(path, Math.max(0, (await stat(path)).size - bytes));
}
