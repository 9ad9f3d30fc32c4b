import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { availableParallelism, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPublisher } from '@revocast/denylist';
import { systemClock as clock } from '@revocast/denylist/replica';
import { dieWithParent, freePort, type RedisServer, startRedis, supervise } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { randomRows } from '../rules/random-rows.ts';
import type { Costs } from './constants.ts';
import type { Fleet } from './fleet.ts';
import { formatBytes, formatMs, table } from './format.ts';
import { documentedFleet } from './page.ts';
import { steadyState } from './steady.ts';
import { simulateStorm } from './storm/storm.ts';

export interface ValidationLine {
  readonly what: string;
  readonly predicted: number;
  readonly measured: number;
}

const readers = 16;
const rules = 10_000;
const revocationsPerSecond = 20;
const seconds = 5;
const sidecarFile = join(
  dirname(createRequire(import.meta.url).resolve('@revocast/sidecar/package.json')),
  'dist/main.js',
);
const readerFile = fileURLToPath(new URL('./storm/storm-reader.js', import.meta.url));

/** One real Redis, one real sidecar and 16 real processes beside it, next to what the model says of them. */
export async function validate(costs: Costs, print: (lines: readonly string[]) => void): Promise<ValidationLine[]> {
  const redis = await startRedis();
  try {
    await fill(redis);
    const admin = await freePort();
    const data = await freePort();
    const sidecar = await supervise({
      name: 'sidecar',
      script: sidecarFile,
      args: [
        `--source=${redis.url}`,
        `--data-listen=127.0.0.1:${data}`,
        `--admin-listen=127.0.0.1:${admin}`,
        '--drain-ms=0',
      ],
      ready: { url: `http://127.0.0.1:${admin}/readyz` },
      readyTimeoutMs: 60_000,
    });
    const children = Array.from({ length: readers }, () => {
      const child = fork(readerFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      dieWithParent(child);
      return child;
    });
    try {
      // Only the storm itself is measured, and not the loading of code.
      await Promise.all(children.map((child) => once(child, 'message')));
      const startedAtMs = clock.monotonicMs();
      const fresh = children.map(async (child) => {
        child.send(`http://127.0.0.1:${data}`);
        await once(child, 'message');
        return clock.monotonicMs() - startedAtMs;
      });
      const freshAfterMs = (await Promise.all(fresh)).sort((a, b) => a - b);
      const traffic = await measureTraffic(redis);
      const lines = compare(costs, { freshAfterMs, ...traffic });
      print([...validationTable(lines), '', loadLine()]);
      return lines;
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await sidecar.stop({ graceMs: 1000 });
    }
  } finally {
    await redis.stop();
  }
}

async function fill(server: RedisServer): Promise<void> {
  const init = fork(sidecarFile, ['init', `--source=${server.url}`], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(init, 'exit');
  const redis = new Redis(server.url);
  const rows = Buffer.from(randomRows(rules).buffer);
  const pairs = Array.from({ length: rules * 2 }, (_, half) => rows.subarray(half * 16, half * 16 + 16));
  for (let from = 0; from < pairs.length; from += 4000)
    await redis.hset('{revocast}:rules', ...pairs.slice(from, from + 4000));
  redis.disconnect();
}

interface Traffic {
  readonly reportsPerSecond: number;
  readonly inBytesPerSecond: number;
}

/** Reports and bytes into Redis during revocations. */
async function measureTraffic(server: RedisServer): Promise<Traffic> {
  const redis = new Redis(server.url);
  const publisher = await createPublisher(server.url);
  const figures = async () => {
    const info = await redis.info('everything');
    const figure = (pattern: RegExp) => Number(pattern.exec(info)?.[1] ?? 0);
    return {
      scripts: figure(/^cmdstat_evalsha:calls=(\d+)/m),
      inBytes: figure(/^total_net_input_bytes:(\d+)/m),
    };
  };
  const before = await figures();
  const startedAtMs = clock.monotonicMs();
  const total = revocationsPerSecond * seconds;
  for (let index = 0; index < total; index++) {
    const revocation = { issuer: 'https://login.example.com/', session: `session-${index}`, reason: 'logout' } as const;
    await publisher.revoke(revocation, { redisReplicas: 0 });
    const earlyMs = startedAtMs + ((index + 1) * 1000) / revocationsPerSecond - clock.monotonicMs();
    if (earlyMs > 1) await sleep(earlyMs);
  }
  const after = await figures();
  const tookSeconds = (clock.monotonicMs() - startedAtMs) / 1000;
  await publisher.close();
  redis.disconnect();
  // Scripts that are no reports: the appends, and the heartbeat twice a second.
  const reports = after.scripts - before.scripts - total - 2 * tookSeconds;
  return { reportsPerSecond: reports / tookSeconds, inBytesPerSecond: (after.inBytes - before.inBytes) / tookSeconds };
}

function compare(costs: Costs, measured: Traffic & { readonly freshAfterMs: readonly number[] }): ValidationLine[] {
  const fleet: Fleet = {
    ...documentedFleet,
    ...{ processes: readers, perNode: readers, bottom: 'node', tiers: 0, rules, revocationsPerSecond, roundTripMs: 0 },
  };
  // All starts are at once, after the sidecar is ready: the level above it counts as warm.
  const storm = simulateStorm({ ...fleet, bottom: 'none', tiers: 1, fanOut: readers, processes: readers * 2 }, costs, {
    ...{ cold: 'processes', seed: 1, spreadMs: 0, readerCores: availableParallelism(), isOneHost: true },
  });
  const { redis } = steadyState(fleet, costs);
  const half = measured.freshAfterMs[Math.floor((readers - 1) / 2)] ?? Number.NaN;
  return [
    { what: 'half of 16 readers fresh, ms', predicted: storm.halfFreshMs, measured: half },
    {
      what: 'all 16 readers fresh, ms',
      predicted: storm.allFreshMs,
      measured: measured.freshAfterMs.at(-1) ?? Number.NaN,
    },
    { what: 'reports into Redis, a second', predicted: redis.reportsPerSecond, measured: measured.reportsPerSecond },
    { what: 'bytes into Redis, a second', predicted: redis.inBytesPerSecond, measured: measured.inBytesPerSecond },
  ];
}

function validationTable(lines: readonly ValidationLine[]): string[] {
  const format = (what: string, value: number) =>
    what.endsWith('ms') ? formatMs(value) : what.startsWith('bytes') ? formatBytes(value) : value.toFixed(1);
  const rows = lines.map(({ what, predicted, measured }) => [
    what,
    format(what, predicted),
    format(what, measured),
    (measured / predicted).toFixed(2),
  ]);
  return table(['', 'predicted', 'measured', 'measured / predicted'], rows);
}

/** Times and rates mean what they say on an idle machine only. */
function loadLine(): string {
  const busy = (loadavg()[0] ?? 0) / availableParallelism();
  return `load of this machine: ${busy.toFixed(1)} a core; above 1, times are longer and bursts fewer by about as much`;
}
