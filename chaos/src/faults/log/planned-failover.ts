import { until } from '@revocast/test-support';
import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { redisCommand } from '../../world/redis/redis-command.ts';

export const plannedFailover: readonly Fault[] = [
  {
    name: 'planned-failover/upgrade',
    failure: 'planned failover',
    world: { redisReplicas: 1, maxStalenessMs: 5000, express: true },
    alwaysAvailable: true,
    async run(world) {
      await pause(1500);
      await world.fault('a planned failover to the redis replica', async () => {
        const [old, next] = world.redis;
        if (old === undefined || next === undefined) throw new Error('this fault needs a primary and a redis replica');
        // Redis stops writes, waits until the replica has received all of them, and exchanges the roles.
        await redisCommand(old, 'FAILOVER');
        await until(async () => String(await redisCommand(next, 'ROLE')).startsWith('master'), {
          what: 'the new primary',
        });
        world.switchOver(1);
        await pause(2000);
      });
    },
  },
];
