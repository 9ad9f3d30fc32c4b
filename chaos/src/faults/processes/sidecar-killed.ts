import type { Direction } from '@revocast/test-support';
import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import { asksForFirstPage } from '../../world/redis/asks-for-page.ts';
import { putRules } from '../../world/redis/put-rules.ts';
import type { World } from '../../world/world.ts';

const failure = 'sidecar killed (-9) at any point';

interface Point {
  readonly name: string;
  /** The watched link: `s1` is from the sidecar to Redis, `a1` from the API process to the sidecar. */
  readonly link: 's1' | 'a1';
  readonly direction: Direction;
  readonly bytes: string | Buffer;
  /** The process that must be restarted so that these bytes are sent. */
  readonly afterRestartOf?: 's1' | 'a1';
}

/**
 * The sidecar is killed before these bytes are delivered. A frame of the stream begins with its version and its kind: 2
 * for changes, 3 for a heartbeat (docs/protocol.md).
 */
const points: readonly Point[] = [
  { name: 'reads-position', link: 's1', direction: 'up', bytes: 'EVALSHA', afterRestartOf: 's1' },
  { name: 'asks-for-snapshot', link: 's1', direction: 'up', bytes: asksForFirstPage, afterRestartOf: 's1' },
  { name: 'gets-a-page', link: 's1', direction: 'down', bytes: '*2\r\n$1\r\n0\r\n', afterRestartOf: 's1' },
  { name: 'asks-for-tail', link: 's1', direction: 'up', bytes: 'XREAD' },
  { name: 'gets-an-entry', link: 's1', direction: 'down', bytes: '|r|' },
  { name: 'gets-a-heartbeat', link: 's1', direction: 'down', bytes: '|h|' },
  { name: 'writes-a-heartbeat', link: 's1', direction: 'up', bytes: '{revocast}:lease' },
  { name: 'is-asked-for-snapshot', link: 'a1', direction: 'up', bytes: 'GET /v1/snapshot', afterRestartOf: 'a1' },
  { name: 'sends-a-snapshot', link: 'a1', direction: 'down', bytes: 'application/octet-stream', afterRestartOf: 'a1' },
  { name: 'is-asked-for-a-stream', link: 'a1', direction: 'up', bytes: 'GET /v1/stream', afterRestartOf: 'a1' },
  { name: 'sends-a-rule', link: 'a1', direction: 'down', bytes: Buffer.of(1, 2) },
  { name: 'sends-a-proof', link: 'a1', direction: 'down', bytes: Buffer.of(1, 3) },
];

async function killAt(world: World, { name, link, direction, bytes, afterRestartOf }: Point): Promise<void> {
  const sidecar = world.sidecar('s1');
  await world.fault(`s1 is killed when it ${name.replaceAll('-', ' ')}`, async () => {
    let dead: Promise<void> | undefined;
    const stopWatching = world.link(link).onBytes(bytes, direction, () => {
      dead = sidecar.kill();
    });
    if (afterRestartOf === 'a1') await world.api('a1').restart();
    // The bytes can pass during the start, so that the start fails; the expectation below covers that.
    if (afterRestartOf === 's1') await sidecar.restart().catch(() => undefined);
    for (let waited = 0; dead === undefined && waited < 4000; waited += 10) await pause(10);
    stopWatching();
    world.expect(`the bytes of ${name} pass within 4 s`, dead !== undefined);
    await dead;
    if (!sidecar.running) await sidecar.start();
  });
}

export const sidecarKilled: readonly Fault[] = [
  ...points.map(
    (point): Fault => ({ name: `sidecar-killed/${point.name}`, failure, run: (world) => killAt(world, point) }),
  ),
  {
    name: 'sidecar-killed/short-restart',
    failure,
    // The other sidecar takes over the lease within 2 s, and s1 starts again: no request may fail. Half of the staleness
    // bound is for a start on a busy machine.
    world: { maxStalenessMs: 8000, express: true },
    alwaysAvailable: true,
    async run(world) {
      await pause(1000);
      await world.fault('s1 is killed and started again', () => world.sidecar('s1').restart());
      await pause(2000);
    },
  },
  {
    name: 'sidecar-killed/over-and-over',
    failure,
    // As the kernel does to a process that exceeds its memory as soon as it has loaded the rules.
    async run(world) {
      await world.fault('s1 is killed shortly after each start', async () => {
        for (let time = 0; time < 8; time++) {
          await world.sidecar('s1').kill();
          await world.sidecar('s1').start();
          await pause(world.random() * 1000);
        }
      });
    },
  },
  {
    name: 'sidecar-killed/with-100k-rules',
    failure,
    world: { prepare: (primary) => putRules(primary, 100_000) },
    async run(world) {
      for (let time = 0; time < 4; time++) {
        await world.fault('s1 is killed while it holds 100,000 rules', () => world.sidecar('s1').kill());
        await world.timeStart('s1', 'a sidecar with 100,000 rules');
      }
      await pause(3000);
    },
  },
];
