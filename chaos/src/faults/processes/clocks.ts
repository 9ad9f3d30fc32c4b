import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'wall clock jumps, clocks differ';
const hourMs = 3_600_000;

async function jump(world: World, who: 's1' | 'a1', offsetMs: number): Promise<void> {
  const actor = who === 's1' ? world.sidecar(who) : world.api(who);
  await world.fault(`the wall clock of ${who} jumps by ${offsetMs / hourMs} h and back`, async () => {
    actor.tell({ tell: 'clock', offsetMs });
    await pause(world.maxStalenessMs + 1000);
    actor.tell({ tell: 'clock', offsetMs: 0 });
    await pause(500);
  });
}

export const clocks: readonly Fault[] = [
  { name: 'clocks/api-process-ahead', failure, run: (world) => jump(world, 'a1', hourMs) },
  { name: 'clocks/api-process-behind', failure, run: (world) => jump(world, 'a1', -hourMs) },
  { name: 'clocks/sidecar-ahead', failure, run: (world) => jump(world, 's1', hourMs) },
  { name: 'clocks/sidecar-behind', failure, run: (world) => jump(world, 's1', -hourMs) },
  {
    name: 'clocks/differ-from-the-start',
    failure,
    async run(world) {
      const slow = await world.addSidecar('slow', { source: 'redis', clockOffsetMs: -90_000 });
      const ahead = await world.addApi('a-ahead', { via: 'slow', clockOffsetMs: 120_000 });
      await slow.start();
      await ahead.start();
      await world.untilFresh(10_000);
      await world.fault('the clock of a sidecar is 90 s behind and that of a process 2 min ahead', () => pause(3000));
    },
  },
  {
    name: 'clocks/times-that-cannot-be-meant',
    failure,
    async run(world) {
      const nowSeconds = Math.floor(Date.now() / 1000);
      const future = await world.revoke(undefined, { dimension: 'subject', raw: { issuedUpTo: nowSeconds + 120 } });
      world.expect('a cutoff two minutes in the future is refused', future.outcome === 'refused', future.outcome);
      const milliseconds = await world.revoke(undefined, { dimension: 'subject', raw: { issuedUpTo: Date.now() } });
      world.expect(
        'a cutoff in milliseconds is refused',
        ['refused', 'invalid'].includes(milliseconds.outcome),
        milliseconds.outcome,
      );
    },
  },
];
