import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'API process restart, start with everything down';

export const restarts: readonly Fault[] = [
  {
    name: 'restarts/api-process',
    failure,
    async run(world) {
      await pause(1000);
      await world.fault('a1 is killed and started again, three times', async () => {
        for (let time = 0; time < 3; time++) {
          await world.api('a1').restart();
          await pause(400);
        }
      });
    },
  },
  {
    name: 'restarts/everything-down',
    failure,
    world: { redisConfig: { appendonly: 'yes', appendfsync: 'always' } },
    async run(world) {
      await pause(1000);
      await world.fault('all processes are down; API processes start first, then sidecars, then Redis', async () => {
        await Promise.all([...world.apis, ...world.sidecars].map((actor) => actor.kill()));
        await world.primary.kill();
        await Promise.all(world.apis.map((api) => api.start()));
        await pause(700);
        await Promise.all(world.sidecars.map((sidecar) => sidecar.start()));
        await pause(700);
        await world.primary.restart();
      });
    },
  },
];
