import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

export const capacity: readonly Fault[] = [
  {
    name: 'capacity/reached',
    failure: 'capacity reached',
    world: { maxRules: 150 },
    traffic: false,
    staysStale: true,
    async run(world) {
      await world.fault('more values are revoked than maxRules allows', async () => {
        const first = world.newTokens(400);
        for (let from = 0; from < 400; from += 40) {
          await Promise.all(Array.from({ length: 20 }, (_, index) => world.revoke(first + from + index * 2)));
          await pause(200);
        }
        await pause(world.maxStalenessMs + 1000);
        const fresh = world.apis.filter((api) => api.fresh).map(({ who }) => who);
        world.expect('no process is fresh at the cap', fresh.length === 0, fresh.join(', '));
      });
    },
  },
];
