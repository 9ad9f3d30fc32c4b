import type { Fault } from './fault.ts';
import type { ActorProcess } from './world/actor-process.ts';
import { pause } from './world/pause.ts';
import { redisCommand } from './world/redis/redis-command.ts';
import type { World } from './world/world.ts';

/** A fault that can begin at any time. `play` causes it and ends it. */
interface Mishap {
  readonly name: string;
  /** Its probability, relative to the other weights. */
  readonly weight: number;
  play(world: World): Promise<void>;
}

const allSidecars = ['s1', 's2', 's3'];
const links = ['s1', 's2', 'a1', 'a2'];

function draw<T>(world: World, from: readonly T[]): T {
  return from[Math.floor(world.random() * from.length)]!;
}

function drawActor(world: World): ActorProcess {
  const who = draw(world, links);
  return who.startsWith('s') ? world.sidecar(who) : world.api(who);
}

/** A random duration; the longest ones exceed the time that a process stays fresh without new proofs. */
const whileMs = (world: World) => 100 + world.random() * (world.maxStalenessMs + 2000);

// No fault hits s3 and the process behind it, so that one sidecar always holds every rule.
const mishaps: readonly Mishap[] = [
  {
    name: 'a sidecar is killed and started again',
    weight: 4,
    async play(world) {
      const sidecar = world.sidecar(draw(world, ['s1', 's2']));
      await sidecar.kill();
      await pause(world.random() * 2000);
      await sidecar.start();
    },
  },
  {
    name: 'a process is killed and started again',
    weight: 3,
    async play(world) {
      const api = world.api(draw(world, ['a1', 'a2']));
      await api.kill();
      await pause(world.random() * 1000);
      await api.start();
    },
  },
  {
    name: 'a process or sidecar is paused',
    weight: 4,
    async play(world) {
      const actor = drawActor(world);
      actor.pause();
      await pause(whileMs(world));
      actor.resume();
    },
  },
  {
    name: 'a link drops all packets',
    weight: 4,
    async play(world) {
      const link = world.link(draw(world, links));
      link.blackhole();
      await pause(whileMs(world));
      link.flow();
    },
  },
  {
    name: 'a link stalls',
    weight: 3,
    async play(world) {
      const link = world.link(draw(world, links));
      link.stall();
      await pause(whileMs(world));
      link.flow();
    },
  },
  {
    name: 'links are reset',
    weight: 3,
    async play(world) {
      for (let time = 0; time < 5; time++) {
        world.link(draw(world, [...links, 's3', 'publisher'])).reset();
        await pause(world.random() * 300);
      }
    },
  },
  {
    name: 'a link is slow and cuts segments',
    weight: 2,
    async play(world) {
      const link = world.link(draw(world, links));
      link.delay(world.random() * 200);
      link.splitBytes(1 + Math.floor(world.random() * 20));
      await pause(1500);
      link.delay(0);
      link.splitBytes(undefined);
    },
  },
  {
    name: 'a wall clock jumps',
    weight: 2,
    async play(world) {
      const actor = drawActor(world);
      actor.tell({ tell: 'clock', offsetMs: draw(world, [-3_600_000, -90_000, 90_000, 3_600_000]) });
      await pause(whileMs(world));
      actor.tell({ tell: 'clock', offsetMs: 0 });
    },
  },
  {
    name: 'Redis is paused',
    weight: 2,
    async play(world) {
      world.primary.pause();
      await pause(whileMs(world));
      world.primary.resume();
    },
  },
  {
    name: 'the stream is trimmed',
    weight: 2,
    async play(world) {
      await world.redisCommand('XTRIM', '{revocast}:log', 'MAXLEN', 1);
    },
  },
  {
    name: 'a process moves to another sidecar',
    weight: 2,
    async play(world) {
      world.follow('a1', draw(world, ['s2', 's3']));
      world.link('a1').reset();
      await pause(1000);
      world.follow('a1', 's1');
      world.link('a1').reset();
    },
  },
];

/** Faults in which the log loses data. Each is played alone, and the next fault waits for the recovery. */
const losses: readonly Mishap[] = [
  {
    name: 'FLUSHALL',
    weight: 1,
    async play(world) {
      await world.loss('FLUSHALL', { survivors: allSidecars }, () => world.redisCommand('FLUSHALL'));
      // A second loss during the recovery is not covered by the guarantees: no process can prove what was lost.
      await pause(16_000);
    },
  },
  {
    name: 'failover to a redis replica that lags',
    weight: 3,
    async play(world) {
      const cut = world.link('r1');
      cut.blackhole();
      await pause(500 + world.random() * 1500);
      await world.loss('failover', { survivors: allSidecars, replicasSurvive: true }, () => world.promote(1));
      const [primary, old] = world.redis;
      if (primary === undefined || old === undefined) return;
      // The old primary becomes the replica, through the same link.
      cut.retarget({ host: primary.host, port: primary.port });
      cut.flow();
      await redisCommand(old, 'REPLICAOF', cut.host, cut.port);
      await pause(world.maxStalenessMs + 4000);
    },
  },
];

/** Plays random faults for `durationMs`, sometimes two at the same time. The seed determines which. */
export function randomFaults(durationMs: number, say: (line: string) => void): Fault {
  return {
    name: 'random',
    failure: 'bad links',
    world: { sidecars: 3, redisReplicas: 1 },
    recoverWithinMs: 20_000,
    async run(world) {
      const endsAtMs = performance.now() + durationMs;
      let played = 0;
      for (; performance.now() < endsAtMs; played++) {
        if (world.random() < 0.12) {
          // A survivor can write back only what it has received, so every process must be fresh before a loss.
          await world.untilFresh(20_000);
          await drawWeighted(world, losses).play(world);
          continue;
        }
        const together = world.random() < 0.3 ? 2 : 1;
        const drawn = new Set(Array.from({ length: together }, () => drawWeighted(world, mishaps)));
        await Promise.all([...drawn].map((mishap) => world.fault(mishap.name, () => mishap.play(world))));
        await pause(world.random() * 1500);
      }
      say(`random: ${played} faults played`);
    },
  };
}

function drawWeighted(world: World, from: readonly Mishap[]): Mishap {
  let left = world.random() * from.reduce((sum, { weight }) => sum + weight, 0);
  for (const mishap of from) {
    left -= mishap.weight;
    if (left < 0) return mishap;
  }
  return from[0]!;
}
