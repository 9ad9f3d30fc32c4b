import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'streams stay open while the sidecar, Redis or a link is away';

/** Twice the grace of the streams, the second in which a process looks at its streams, and a busy machine. */
const extraBoundMs = 1000 + 2000;
const world = { streams: true } as const;

/** Longer than the longest time for which a stream may go on. */
const awayMs = 3000 + extraBoundMs + 1000;

export const streams: readonly Fault[] = [
  {
    name: 'streams/sidecar-killed',
    failure,
    world,
    extraBoundMs,
    run: (played) =>
      played.fault('s1 is killed, and started again later', async () => {
        await played.sidecar('s1').kill();
        await pause(awayMs);
        await played.sidecar('s1').start();
      }),
  },
  {
    name: 'streams/redis-killed',
    failure,
    world: { ...world, redisConfig: { appendonly: 'yes', appendfsync: 'everysec' } },
    extraBoundMs,
    run: (played) =>
      played.fault('Redis is killed, and restarted with its data later', async () => {
        await played.primary.kill();
        await pause(awayMs);
        await played.primary.restart();
      }),
  },
  {
    name: 'streams/link-cut',
    failure,
    world,
    extraBoundMs,
    run: (played) =>
      played.fault('the link of w1 to its sidecar drops all packets', async () => {
        played.link('w1').blackhole();
        await pause(awayMs);
        played.link('w1').flow();
      }),
  },
];
