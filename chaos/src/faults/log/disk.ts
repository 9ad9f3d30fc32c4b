import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'the disk fails';

export const disk: readonly Fault[] = [
  {
    name: 'disk/fsync-fails',
    failure,
    world: { systemFaults: true, redisConfig: { appendonly: 'yes', appendfsync: 'everysec' } },
    async run(world) {
      await pause(1500);
      await world.fault('fsync of Redis fails, so Redis refuses to write', async () => {
        await world.systemFaults().failFsync(true);
        await pause(6000);
        const { outcome } = await world.revoke();
        world.expect('a revocation is refused meanwhile', outcome === 'unavailable', outcome);
        await world.systemFaults().failFsync(false);
        // Redis writes again when it starts a new file, or when it is restarted.
        await world.redisCommand('CONFIG', 'SET', 'appendonly', 'no');
        await world.redisCommand('CONFIG', 'SET', 'appendonly', 'yes');
      });
      await pause(1000);
    },
  },
  {
    name: 'disk/redis-ends-at-the-first-failed-fsync',
    failure,
    world: { systemFaults: true, redisConfig: { appendonly: 'yes', appendfsync: 'always' } },
    async run(world) {
      await pause(1500);
      await world.fault('fsync of Redis fails, and Redis ends', async () => {
        await world.systemFaults().failFsync(true);
        await pause(3000);
        await world.systemFaults().failFsync(false);
        await world.primary.restart();
      });
      await pause(1000);
    },
  },
];
