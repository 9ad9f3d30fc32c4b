import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPublisher } from '@revocast/denylist';
import { systemClock as clock } from '@revocast/denylist/replica';
import {
  dieWithParent,
  freePort,
  type RedisServer,
  type Supervised,
  startRedis,
  supervise,
} from '@revocast/test-support';
import { Redis } from 'ioredis';
import { quantile } from './statistics.ts';

export interface FleetOptions {
  readonly processes: number;
  /** Sidecars in a row between Redis and the processes: 1 is a sidecar alone, 2 a relay before it. */
  readonly depth: number;
  /** Revocations a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly progress: (text: string) => void;
}

export interface FleetLine extends Omit<FleetOptions, 'progress'> {
  readonly revocations: number;
  /** `revoke()` called → applied in a process, over all processes. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** XADD sent → seen by XREAD in another process, at the same rate, in the same run. */
  readonly bareP50Ms: number;
  readonly bareP99Ms: number;
  /** Applied times missing at the end. */
  readonly lost: number;
}

const readerFile = fileURLToPath(new URL('./fleet-process.js', import.meta.url));
const sidecarFile = join(
  dirname(createRequire(import.meta.url).resolve('@revocast/sidecar/package.json')),
  'dist/main.js',
);

/** Real processes all along: one Redis, sidecars in a row, readers behind the last one. */
export async function benchFleet(options: FleetOptions): Promise<FleetLine> {
  const { processes, depth, rate, seconds, progress } = options;
  progress(`fleet: ${processes} processes, ${depth} deep, ${rate} revocations/s for ${seconds} s`);
  const redis = await startRedis();
  const sidecars: Supervised[] = [];
  const readers: ChildProcess[] = [];
  try {
    await declareWhole(redis);
    let source = redis.url;
    for (let level = 0; level < depth; level++) {
      const started = await startSidecar(source);
      sidecars.push(started.process);
      source = started.url;
    }
    for (let index = 0; index < processes; index++) readers.push(await startReader('replica', source));
    readers.push(await startReader('stream', redis.url));
    const sent = await publish(redis, { rate, seconds });
    await sleep(1000);
    const reports = await Promise.all(readers.map(collect));
    const bare = reports.pop() ?? new Map<string, number>();
    const latencies = reports.flatMap((report) => latenciesOf(report, sent.revoked)).sort((a, b) => a - b);
    const bareLatencies = latenciesOf(bare, sent.added).sort((a, b) => a - b);
    return {
      ...{ processes, depth, rate, seconds },
      revocations: sent.revoked.size,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      bareP50Ms: quantile(bareLatencies, 0.5),
      bareP99Ms: quantile(bareLatencies, 0.99),
      lost: sent.revoked.size * processes - latencies.length,
    };
  } finally {
    for (const reader of readers) reader.kill('SIGKILL');
    for (const sidecar of sidecars.reverse()) await sidecar.stop({ graceMs: 1000 });
    await redis.stop();
  }
}

async function declareWhole(redis: RedisServer): Promise<void> {
  const init = fork(sidecarFile, ['init', `--source=${redis.url}`], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(init, 'exit');
}

async function startSidecar(source: string): Promise<{ process: Supervised; url: string }> {
  const [data, admin] = [await freePort(), await freePort()];
  const process = await supervise({
    name: 'sidecar',
    script: sidecarFile,
    args: [
      `--source=${source}`,
      `--data-listen=127.0.0.1:${data}`,
      `--admin-listen=127.0.0.1:${admin}`,
      '--drain-ms=0',
    ],
    ready: { url: `http://127.0.0.1:${admin}/readyz` },
    readyTimeoutMs: 60_000,
  });
  return { process, url: `http://127.0.0.1:${data}` };
}

async function startReader(kind: 'replica' | 'stream', url: string): Promise<ChildProcess> {
  const child = fork(readerFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  dieWithParent(child);
  child.send({ kind, url });
  await once(child, 'message');
  return child;
}

/** Open loop: each revocation leaves at its time, whatever became of the one before. */
async function publish(redis: RedisServer, { rate, seconds }: Pick<FleetOptions, 'rate' | 'seconds'>) {
  const publisher = await createPublisher(redis.url);
  const bare = new Redis(redis.url);
  const revoked = new Map<string, number>();
  const added = new Map<string, number>();
  const underWay: Promise<unknown>[] = [];
  const startedAtMs = clock.monotonicMs();
  for (let index = 0; index < rate * seconds; index++) {
    const dueMs = startedAtMs + (index * 1000) / rate;
    const earlyMs = dueMs - clock.monotonicMs();
    if (earlyMs > 1) await sleep(earlyMs);
    const id = `e${index}`;
    revoked.set(id, clock.monotonicMs());
    const revocation = { issuer: 'https://issuer.test', session: id, reason: 'logout' } as const;
    underWay.push(publisher.revoke(revocation, { id, redisReplicas: 0 }));
    added.set(id, clock.monotonicMs());
    underWay.push(bare.xadd('bare', 'MAXLEN', '~', 10_000, '*', 'id', id));
  }
  await Promise.all(underWay);
  await publisher.close();
  bare.disconnect();
  return { revoked, added };
}

async function collect(reader: ChildProcess): Promise<Map<string, number>> {
  reader.send('report');
  const [message] = await once(reader, 'message');
  const { seen }: { seen?: [string, number][] } = message;
  return new Map(seen ?? []);
}

function latenciesOf(seen: ReadonlyMap<string, number>, sent: ReadonlyMap<string, number>): number[] {
  return [...sent].flatMap(([id, sentAtMs]) => {
    const atMs = seen.get(id);
    return atMs === undefined ? [] : [atMs - sentAtMs];
  });
}
