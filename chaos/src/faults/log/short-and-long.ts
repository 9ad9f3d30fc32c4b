import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'short revocation beside a longer one';

export const shortAndLong: readonly Fault[] = [
  {
    name: 'short-and-long/same-token',
    failure,
    async run(world) {
      await world.fault('short denials end beside longer ones of the same token', async () => {
        const first = world.newTokens(6);
        await world.revoke(first, { dimension: 'session', endsInMs: 1500 });
        await world.revoke(first, { dimension: 'subject' });
        await world.revoke(first + 2, { dimension: 'grant' });
        await world.revoke(first + 2, { dimension: 'grant', endsInMs: 1500 });
        await world.revoke(first + 4, { dimension: 'token', endsInMs: 1500 });
        await world.revoke(first + 4, { dimension: 'token' });
        await pause(world.maxStalenessMs + 1500);
      });
    },
  },
];
