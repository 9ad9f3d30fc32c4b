import { rm } from 'node:fs/promises';
import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'Redis refuses: policy, memory, read-only, rights, loading, wrong type';
const configure = (world: World, name: string, value: string | number) =>
  world.redisCommand('CONFIG', 'SET', name, value);

/**
 * Redis refuses commands for longer than a process stays fresh without new proofs. The error of the publisher must name
 * the cause.
 */
async function refusing(
  world: World,
  what: string,
  failureCode: string,
  change: { begin(): Promise<unknown>; end(): Promise<unknown> },
): Promise<void> {
  await world.fault(what, async () => {
    await change.begin();
    await pause(500);
    const { outcome, failure } = await world.revoke();
    world.expect(
      `revoke() fails with unavailable and the cause ${failureCode}`,
      outcome === 'unavailable' && failure === failureCode,
      `${outcome} ${failure ?? ''}`,
    );
    await pause(world.maxStalenessMs + 500);
    await change.end();
  });
}

export const refused: readonly Fault[] = [
  {
    name: 'refused/read-only',
    failure,
    run: (world) =>
      refusing(world, 'the primary is made a replica of an unreachable server', 'read_only', {
        begin: () => world.redisCommand('REPLICAOF', '127.0.0.1', 1),
        end: () => world.redisCommand('REPLICAOF', 'NO', 'ONE'),
      }),
  },
  {
    name: 'refused/no-permission',
    failure,
    run: (world) =>
      refusing(world, 'the user of Redis loses the permission to run scripts and to read', 'no_permission', {
        begin: () => world.redisCommand('ACL', 'SETUSER', 'default', '-evalsha', '-eval', '-xread', '-hscan'),
        end: () => world.redisCommand('ACL', 'SETUSER', 'default', '+@all'),
      }),
  },
  {
    name: 'refused/out-of-memory',
    failure,
    run: (world) =>
      refusing(world, 'the memory of Redis is full', 'out_of_memory', {
        begin: () => configure(world, 'maxmemory', 1),
        end: () => configure(world, 'maxmemory', 0),
      }),
  },
  {
    name: 'refused/disk-full',
    failure,
    world: { redisConfig: { save: '3600 1' } },
    run: (world) =>
      refusing(world, 'Redis cannot save its data, and refuses writes', 'disk_error', {
        async begin() {
          await rm(world.primary.dir, { recursive: true });
          await world.redisCommand('BGSAVE');
        },
        end: () => configure(world, 'stop-writes-on-bgsave-error', 'no'),
      }),
  },
  {
    name: 'refused/too-few-replicas',
    failure,
    run: (world) =>
      refusing(world, 'Redis has fewer replicas than min-replicas-to-write', 'no_replicas', {
        begin: () => configure(world, 'min-replicas-to-write', 1),
        end: () => configure(world, 'min-replicas-to-write', 0),
      }),
  },
  {
    name: 'refused/wrong-type',
    failure,
    run: (world) =>
      refusing(world, 'the key of the stream holds a string', 'wrong_type', {
        async begin() {
          await world.redisCommand('RENAME', '{revocast}:log', 'aside');
          await world.redisCommand('SET', '{revocast}:log', 'foreign');
        },
        async end() {
          await world.redisCommand('DEL', '{revocast}:log');
          await world.redisCommand('RENAME', 'aside', '{revocast}:log');
        },
      }),
  },
  {
    name: 'refused/loading',
    failure,
    world: {
      redisConfig: { save: '3600 1', 'key-load-delay': '1000', 'loading-process-events-interval-bytes': '1024' },
    },
    async run(world) {
      // With key-load-delay, each key takes 1 ms to load.
      for (let index = 0; index < 3000; index += 100) {
        const pairs = Array.from({ length: 200 }, (_, at) =>
          at % 2 === 0 ? `other:${index + at / 2}` : 'x'.repeat(200),
        );
        await world.redisCommand('MSET', ...pairs);
      }
      await world.fault('Redis restarts with its data and takes seconds to load it', () => world.primary.restart());
    },
  },
  {
    name: 'refused/evicting',
    failure,
    recoverWithinMs: 30_000,
    async run(world) {
      await pause(1500);
      await world.loss('maxmemory-policy is allkeys-lru, and Redis evicts', { survivors: ['s1', 's2'] }, async () => {
        await configure(world, 'maxmemory-policy', 'allkeys-lru');
        await configure(world, 'maxmemory', 1_200_000);
        for (let index = 0; index < 40; index++)
          await world.redisCommand('SET', `other:${index}`, 'x'.repeat(50_000)).catch(() => undefined);
        await pause(500);
        await configure(world, 'maxmemory', 0);
        await configure(world, 'maxmemory-policy', 'noeviction');
      });
      await pause(1000);
    },
  },
  {
    name: 'refused/connections-killed',
    failure,
    run: (world) =>
      world.fault('all connections to Redis are killed 15 times', async () => {
        for (let time = 0; time < 15; time++) {
          await world.redisCommand('CLIENT', 'KILL', 'TYPE', 'normal');
          await pause(200);
        }
      }),
  },
];
