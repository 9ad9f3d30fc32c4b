import type { Fault } from '../../fault.ts';
import { putRules } from '../../world/redis/put-rules.ts';

export const deployStorm: readonly Fault[] = [
  {
    name: 'deploy-storm/200-cold-replicas',
    failure: 'deploy storm',
    world: { prepare: (primary) => putRules(primary, 10_000) },
    async run(world) {
      const pagesBefore = await world.pagesRead();
      const prunedPerSecond = 3;
      const startedAtMs = performance.now();
      await world.fault('200 cold replicas start at once', async () => {
        const storms = ['s1', 's2'].map((via) =>
          world.storm(`storm-${via}`, { via, replicas: 100, timeoutMs: 15_000 }),
        );
        const outcomes = await Promise.allSettled(storms);
        const failed = outcomes.filter(({ status }) => status === 'rejected');
        world.expect(
          'all 200 replicas become fresh',
          failed.length === 0,
          failed.map((one) => String(Reflect.get(one, 'reason'))).join('\n'),
        );
      });
      const seconds = (performance.now() - startedAtMs) / 1000;
      const pages = (await world.pagesRead()) - pagesBefore;
      world.expect(
        'no replica reads the rules from Redis',
        pages <= Math.ceil(seconds * prunedPerSecond),
        `${pages} pages in ${seconds.toFixed(1)} s`,
      );
    },
  },
];
