import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { putRules } from '../../world/redis/put-rules.ts';

const failure = 'thousands of rules with one end second; prune, raise, lift during a snapshot';

export const manyRules: readonly Fault[] = [
  {
    name: 'many-rules/changed-during-a-snapshot',
    failure,
    world: { prepare: (primary) => putRules(primary, 20_000) },
    async run(world) {
      const first = world.newTokens(60);
      for (let token = first; token < first + 60; token += 2) await world.revoke(token);
      await world.fault('s1 takes a snapshot of 20,000 rules while rules are raised and lifted', async () => {
        world.link('s1').splitBytes(16_000);
        const restarted = world.sidecar('s1').restart();
        for (let token = first; token < first + 60; token += 2) {
          if (token % 4 === 0) await world.lift(token);
          else await world.revoke(token, { dimension: 'grant' });
        }
        await restarted;
        world.link('s1').splitBytes(undefined);
      });
    },
  },
  {
    name: 'many-rules/pruned-during-a-snapshot',
    failure,
    // The rules ended two hours ago, so the lease holder prunes a part of them each second.
    world: { prepare: (primary) => putRules(primary, 20_000, Math.floor(Date.now() / 1000) - 7200) },
    async run(world) {
      await world.fault('s2 takes snapshots while ended rules are pruned', async () => {
        for (let time = 0; time < 3; time++) {
          await world.sidecar('s2').restart();
          await pause(500);
        }
      });
    },
  },
  {
    name: 'many-rules/more-than-a-cache-holds',
    failure,
    traffic: false,
    async run(world) {
      const first = world.newTokens(600);
      await world.fault('300 sessions are revoked in batches of 50', async () => {
        for (let from = 0; from < 600; from += 100) {
          const tokens = Array.from({ length: 50 }, (_, index) => first + from + index * 2);
          await Promise.all(tokens.map((token) => world.revoke(token)));
        }
      });
      await pause(world.maxStalenessMs + 500);
    },
  },
];
