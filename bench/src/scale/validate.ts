import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPublisher } from '@revocast/denylist';
import { systemClock as clock } from '@revocast/denylist/replica';
import { dieWithParent, type RedisServer, startRedis } from '@revocast/test-support';
import { Redis } from 'ioredis';
import { fillLog } from '../cold/fill-log.ts';
import { declareWhole, startSidecar } from '../fleet/sidecar.ts';
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
const readerFile = fileURLToPath(new URL('./storm/storm-reader.js', import.meta.url));

/** Compares the model with one real Redis, one real sidecar and 16 real processes behind it. */
export async function validate(costs: Costs, print: (lines: readonly string[]) => void): Promise<ValidationLine[]> {
  const redis = await startRedis();
  try {
    await declareWhole(redis.url);
    await fillLog(redis.url, rules);
    // Without the probe of the event loop, which would take CPU time of the sidecar.
    const sidecar = await startSidecar(redis.url, 'resident');
    const children = Array.from({ length: readers }, () => {
      const child = fork(readerFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      dieWithParent(child);
      return child;
    });
    try {
      // Wait until the code is loaded, because only the storm is measured.
      await Promise.all(children.map((child) => once(child, 'message')));
      const startedAtMs = clock.monotonicMs();
      const fresh = children.map(async (child) => {
        child.send(sidecar.url);
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
      sidecar.end();
    }
  } finally {
    await redis.stop();
  }
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
  // The other scripts are the appends, and two heartbeats a second.
  const reports = after.scripts - before.scripts - total - 2 * tookSeconds;
  return { reportsPerSecond: reports / tookSeconds, inBytesPerSecond: (after.inBytes - before.inBytes) / tookSeconds };
}

function compare(costs: Costs, measured: Traffic & { readonly freshAfterMs: readonly number[] }): ValidationLine[] {
  const fleet: Fleet = {
    ...documentedFleet,
    ...{ processes: readers, perNode: readers, bottom: 'node', tiers: 0, rules, revocationsPerSecond, roundTripMs: 0 },
  };
  // All readers start at the same time after the sidecar is ready, so the sidecar is modelled as a warm relay.
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

/** Times and rates are valid only on an idle machine. */
function loadLine(): string {
  const busy = (loadavg()[0] ?? 0) / availableParallelism();
  return `load of this machine: ${busy.toFixed(1)} a core; above 1, times are longer and rates lower by about this factor`;
}
