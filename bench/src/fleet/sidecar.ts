import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent, freePort } from '@revocast/test-support';
import { childOver } from '../child.ts';
import { numberIn } from '../message.ts';

const program = join(
  dirname(createRequire(import.meta.url).resolve('@revocast/sidecar/package.json')),
  'dist/main.cjs',
);

/** The shipped program of the sidecar in a child process. */
export interface Sidecar {
  readonly url: string;
  readonly adminUrl: string;
  readonly pid: number;
  /** From the start of the process to the first answer 200 of `/readyz`, with the start of Node. */
  readonly readyAfterMs: number;
  /**
   * The longest pause of its event loop since its first connection to the source, or since the last call.
   * @throws unless `probe` is `pause`.
   */
  takeLongestPauseMs(): Promise<number>;
  /** @throws unless `probe` is `resident`. */
  residentBytes(): Promise<number>;
  /** CPU time since its start, all threads, in microseconds. @throws unless `probe` is `resident`. */
  cpuUs(): Promise<number>;
  end(): void;
}

const readyTimeoutMs = 300_000;

/**
 * @param probe what answers questions inside the process; `none` adds nothing to what a pod runs.
 * @throws when the sidecar ends, or is not ready within five minutes.
 */
export async function startSidecar(source: string, probe: 'pause' | 'resident' | 'none' = 'pause'): Promise<Sidecar> {
  const [data, admin] = [await freePort(), await freePort()];
  const options = {
    source,
    'data-listen': `127.0.0.1:${data}`,
    'admin-listen': `127.0.0.1:${admin}`,
    'drain-ms': 0,
    // A sidecar that becomes stale under load must show.
    'ready-when': 'fresh',
    'max-rules': 20_000_000,
  };
  const startedAt = performance.now();
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const process =
    probe === 'none'
      ? spawn(execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
      : fork(program, args, {
          execArgv: ['--import', new URL(`./${probe}-preload.js`, import.meta.url).href],
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        });
  dieWithParent(process);
  const child = childOver(process);
  const adminUrl = `http://127.0.0.1:${admin}`;
  while (!(await isOk(`${adminUrl}/readyz`))) {
    const tooLate = performance.now() - startedAt > readyTimeoutMs;
    if (tooLate || process.exitCode !== null) {
      child.end();
      throw new Error(tooLate ? 'the sidecar was not ready within five minutes' : 'the sidecar ended during its start');
    }
    await sleep(5);
  }
  return {
    // It has answered, so it was started.
    pid: process.pid ?? Number.NaN,
    url: `http://127.0.0.1:${data}`,
    adminUrl,
    readyAfterMs: performance.now() - startedAt,
    takeLongestPauseMs: async () => numberIn(await child.ask('pauses'), 'longestMs'),
    residentBytes: async () => numberIn(await child.ask('resident'), 'residentBytes'),
    cpuUs: async () => numberIn(await child.ask('cpu'), 'cpuUs'),
    end: child.end,
  };
}

/** Whether the answer is 200. `false` also if there is none: nothing listens, or the time is over. */
export async function isOk(url: string, timeoutMs = readyTimeoutMs): Promise<boolean> {
  try {
    const response = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Declares the log of an empty Redis complete with `revocast-sidecar init`. */
export async function declareWhole(redisUrl: string): Promise<void> {
  const init = fork(program, ['init', `--source=${redisUrl}`], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(init, 'exit');
}
