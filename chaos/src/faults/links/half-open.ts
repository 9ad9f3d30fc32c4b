import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'half-open link to Redis / to the sidecar';

export const halfOpen: readonly Fault[] = [
  {
    name: 'half-open/redis',
    failure,
    world: { express: true },
    run: (world) =>
      world.fault('the link of s1 to Redis drops all packets', async () => {
        world.link('s1').blackhole();
        await pause(world.maxStalenessMs + 2000);
        world.link('s1').flow();
      }),
  },
  {
    name: 'half-open/sidecar',
    failure,
    run: (world) =>
      world.fault('the link of a1 to its sidecar drops all packets', async () => {
        world.link('a1').blackhole();
        await pause(world.maxStalenessMs + 2000);
        world.link('a1').flow();
      }),
  },
  ...(['up', 'down'] as const).flatMap((direction) =>
    (['s1', 'a1'] as const).map(
      (who): Fault => ({
        name: `half-open/${who}-loses-what-goes-${direction}`,
        failure,
        run: (world) =>
          world.fault(`the link of ${who} drops all packets that go ${direction}`, async () => {
            world.link(who).blackhole(direction);
            await pause(world.maxStalenessMs + 2000);
            world.link(who).flow();
          }),
      }),
    ),
  ),
  {
    name: 'half-open/everywhere',
    failure,
    run: (world) =>
      world.fault('all links drop all packets at once', async () => {
        const links = world.links.all();
        for (const link of links) link.blackhole();
        await pause(world.maxStalenessMs + 1000);
        for (const link of links) link.flow();
      }),
  },
  {
    name: 'half-open/redialled',
    failure,
    world: { maxStalenessMs: 8000 },
    alwaysAvailable: true,
    async run(world) {
      const link = world.link('s1');
      const before = link.accepted;
      await world.fault('the link of s1 to Redis drops all packets of its open connection', async () => {
        link.blackhole();
        await pause(3000);
        world.expect(
          's1 reconnects within 3 s after the link became half-open',
          link.accepted > before,
          `${link.accepted - before} connections`,
        );
        world.expect(
          's1 opens fewer than 40 connections',
          link.accepted - before < 40,
          `${link.accepted - before} connections`,
        );
        link.flow();
        await pause(1000);
      });
    },
  },
];
