import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { redisCommand } from '../../world/redis/redis-command.ts';

export const partition: readonly Fault[] = [
  {
    name: 'partition/old-primary-lives-on',
    failure: 'partitioned old primary',
    world: { redisReplicas: 1 },
    // min-replicas-max-lag (2 s), and up to 2 s more because Redis counts whole seconds.
    extraBoundMs: 4000,
    async run(world) {
      await world.redisCommand('CONFIG', 'SET', 'min-replicas-max-lag', 2);
      await world.redisCommand('CONFIG', 'SET', 'min-replicas-to-write', 1);
      await pause(1500);
      const healing = async () => {
        await pause(world.maxStalenessMs + 5500);
        world.link('s1').retarget({ host: '127.0.0.1', port: world.primary.port });
        world.link('s1').reset();
      };
      const kept = { survivors: ['s1', 's2'], replicasSurvive: true, healing };
      await world.loss('s1 stays with the old primary, and all other processes move to the new one', kept, async () => {
        world.link('r1').blackhole();
        await redisCommand(world.redis[1]!, 'REPLICAOF', 'NO', 'ONE');
        world.switchOver(1, ['s1']);
      });
      await pause(1000);
    },
  },
];
