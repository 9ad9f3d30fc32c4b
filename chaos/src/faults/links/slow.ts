import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { putRules } from '../../world/redis/put-rules.ts';

const failure = 'slow API process, slow sidecar, slow Redis, snapshot on a slow link';

export const slow: readonly Fault[] = [
  {
    name: 'slow/api-process',
    failure,
    world: { apisPerSidecar: 2 },
    async run(world) {
      await world.fault('a1 reads nothing while hundreds of revocations are sent', async () => {
        world.link('a1').stall();
        const first = world.newTokens(800);
        for (let from = 0; from < 800; from += 80) {
          await Promise.all(Array.from({ length: 40 }, (_, index) => world.revoke(first + from + index * 2)));
        }
        await pause(world.maxStalenessMs);
        world.link('a1').flow();
      });
    },
  },
  {
    name: 'slow/sidecar',
    failure,
    run: (world) =>
      world.fault('s1 gets a tenth of the processor time: it is paused and resumed 20 times', async () => {
        for (let time = 0; time < 20; time++) {
          world.sidecar('s1').pause();
          await pause(180);
          world.sidecar('s1').resume();
          await pause(20);
        }
      }),
  },
  {
    name: 'slow/replies-of-redis',
    failure,
    // A proof becomes up to 4 s old (packages/denylist/test/model/model.test.ts). The rest is for a busy machine: it has to
    // run five processes in turn before a proof arrives.
    world: { maxStalenessMs: 8000 },
    alwaysAvailable: true,
    // A first statement takes three round trips of up to 1400 ms, which also limits the accuracy of its clock reading.
    clockReadingMs: 2500,
    async run(world) {
      const links = ['s1', 's2', 'publisher'].map((name) => world.link(name));
      await world.fault('for 20 s, Redis answers 200–700 ms late in each direction', async () => {
        for (let second = 0; second < 20; second++) {
          for (const link of links) link.delay(200 + world.random() * 500);
          await pause(1000);
        }
        for (const link of links) link.delay(0);
      });
    },
  },
  {
    name: 'slow/snapshot-on-a-slow-link',
    failure,
    world: { prepare: (primary) => putRules(primary, 100_000) },
    async run(world) {
      await world.fault('a1 takes a snapshot of 3 MB on a link with 300 ms of delay', async () => {
        world.link('a1').delay(300);
        await world.api('a1').restart();
        await pause(3000);
        world.link('a1').delay(0);
      });
    },
  },
];
