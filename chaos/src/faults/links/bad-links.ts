import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'bad links';
const links = (world: World) => ['s1', 'a1', 'publisher'].map((name) => world.link(name));

export const badLinks: readonly Fault[] = [
  {
    name: 'bad-links/reset-over-and-over',
    failure,
    run: (world) =>
      world.fault('links are reset ten times', async () => {
        for (let time = 0; time < 10; time++) {
          for (const link of links(world)) link.reset();
          await pause(50 + world.random() * 500);
        }
      }),
  },
  {
    name: 'bad-links/split-into-bytes',
    failure,
    run: (world) =>
      world.fault('every segment is split into pieces of three bytes', async () => {
        for (const link of links(world)) link.splitBytes(3);
        await pause(2500);
        for (const link of links(world)) link.splitBytes(undefined);
      }),
  },
  {
    name: 'bad-links/late',
    failure,
    // A first statement takes three round trips of 300 ms, which also limits the accuracy of its clock reading.
    clockReadingMs: 1000,
    run: (world) =>
      world.fault('everything arrives 150 ms late', async () => {
        for (const link of links(world)) link.delay(150);
        await pause(world.maxStalenessMs + 1500);
        for (const link of links(world)) link.delay(0);
      }),
  },
  {
    name: 'bad-links/half-closed',
    failure,
    run: (world) =>
      world.fault('one direction is closed, then the other', async () => {
        for (const link of links(world)) link.halfClose('down');
        await pause(1500);
        for (const link of links(world)) link.halfClose('up');
        await pause(1500);
      }),
  },
  {
    name: 'bad-links/refused',
    failure,
    run: (world) =>
      world.fault('links are reset, and new connections are refused', async () => {
        for (const link of links(world)) {
          link.refuse(true);
          link.reset();
        }
        await pause(world.maxStalenessMs + 500);
        for (const link of links(world)) link.refuse(false);
      }),
  },
];
