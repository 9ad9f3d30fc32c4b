import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { redisCommand } from '../../world/redis/redis-command.ts';

const failure = 'old heartbeat read late';

export const oldHeartbeats: readonly Fault[] = [
  {
    name: 'old-heartbeats/api-process-paused',
    failure,
    run: (world) =>
      world.fault('a1 is paused by SIGSTOP and resumed', async () => {
        world.api('a1').pause();
        await pause(world.maxStalenessMs + 1500);
        world.api('a1').resume();
      }),
  },
  {
    name: 'old-heartbeats/sidecar-paused',
    failure,
    world: { express: true },
    run: (world) =>
      world.fault('s1 is paused by SIGSTOP and resumed', async () => {
        world.sidecar('s1').pause();
        await pause(world.maxStalenessMs + 1500);
        world.sidecar('s1').resume();
      }),
  },
  {
    name: 'old-heartbeats/both-paused',
    failure,
    run: (world) =>
      world.fault('s1 and a1 are paused, and a1 is resumed first', async () => {
        world.sidecar('s1').pause();
        world.api('a1').pause();
        await pause(world.maxStalenessMs + 1000);
        world.api('a1').resume();
        await pause(500);
        world.sidecar('s1').resume();
      }),
  },
  {
    name: 'old-heartbeats/backlog',
    failure,
    run: (world) =>
      world.fault('heartbeats and revocations queue up before s1 and a2', async () => {
        world.link('s1').stall();
        world.link('a2').stall();
        await pause(world.maxStalenessMs + 500);
        world.link('s1').flow();
        world.link('a2').flow();
      }),
  },
  {
    name: 'old-heartbeats/look-up-on-a-cut-off-primary',
    failure,
    world: { redisReplicas: 1, lookUp: true },
    // min-replicas-max-lag (2 s), and up to 2 s more because Redis counts whole seconds.
    extraBoundMs: 4000,
    async run(world) {
      await world.redisCommand('CONFIG', 'SET', 'min-replicas-max-lag', 2);
      await world.redisCommand('CONFIG', 'SET', 'min-replicas-to-write', 1);
      await pause(1000);
      const old = world.primary;
      const healing = async () => {
        // Without its feed, a1 can only look tokens up in the old primary.
        world.link('a1').blackhole();
        await pause(world.maxStalenessMs + 5000);
        world.link('a1').flow();
        world.link('lookup').retarget({ host: '127.0.0.1', port: world.primary.port });
        world.link('lookup').reset();
        await redisCommand(old, 'CONFIG', 'SET', 'min-replicas-to-write', 0);
      };
      const kept = { survivors: ['s1', 's2'], replicasSurvive: true, healing };
      await world.loss('look-ups still go to the old primary', kept, async () => {
        world.link('r1').blackhole();
        await redisCommand(world.redis[1]!, 'REPLICAOF', 'NO', 'ONE');
        world.switchOver(1, ['lookup']);
      });
    },
  },
];
