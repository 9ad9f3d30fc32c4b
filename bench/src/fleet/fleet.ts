import { type RedisServer, startRedis } from '@revocast/test-support';
import { type Child, startChild } from '../child.ts';
import { declareWhole, type Sidecar, startSidecar } from './sidecar.ts';

/** One Redis, a chain of sidecars, and API processes behind the last one. All are real processes. */
export interface Fleet {
  readonly redis: RedisServer;
  readonly replicas: readonly Child[];
  /** The sidecar that the processes follow. */
  readonly sidecar: Sidecar;
  /** Reads a stream of the same Redis, for the bare hop. */
  readonly stream: Child;
  end(): Promise<void>;
}

export interface FleetShape {
  readonly processes: number;
  /** Number of sidecars between Redis and the processes: 1 is one sidecar, 2 a relay and a sidecar. */
  readonly depth: number;
}

export async function startFleet({ processes, depth }: FleetShape): Promise<Fleet> {
  const redis = await startRedis();
  const sidecars: Sidecar[] = [];
  const replicas: Child[] = [];
  const stream = startChild(new URL('./stream-process.js', import.meta.url));
  const end = async () => {
    for (const { end: stop } of [...replicas, stream, ...sidecars.toReversed()]) stop();
    await redis.stop();
  };
  try {
    await declareWhole(redis.url);
    let source = redis.url;
    for (let level = 0; level < depth; level++) {
      // Without the probe of its event loop, which would count as its work.
      const sidecar = await startSidecar(source, 'resident');
      sidecars.push(sidecar);
      source = sidecar.url;
    }
    for (let index = 0; index < processes; index++) {
      const replica = startChild(new URL('./replica-process.js', import.meta.url));
      replicas.push(replica);
      await replica.ask({ url: source });
    }
    await stream.ask({ url: redis.url });
    const sidecar = sidecars.at(-1);
    if (sidecar === undefined) throw new Error('expected a fleet with a sidecar, found depth 0');
    return { redis, replicas, sidecar, stream, end };
  } catch (error) {
    await end();
    throw error;
  }
}
