import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { systemClock } from '@revocast/denylist/replica';
import { formatDuration } from '../console/render/format.ts';
import { waitUntilReady } from '../health/wait.ts';
import type { Command } from './command-line.ts';

/** Waits for the sidecar, then runs the program with the same streams and signals. @returns its exit code. */
export async function wait({ maxMs, url, program }: Extract<Command, { name: 'wait' }>): Promise<number> {
  const isReady = async () => (await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(1000) })).ok;
  // Keeps the process running: the timers of the clock do not.
  const alive = setInterval(() => undefined, 60_000);
  const ready = await waitUntilReady({ isReady, clock: systemClock, maxMs });
  clearInterval(alive);
  if (!ready)
    process.stderr.write(
      `revocast-sidecar wait: not ready after ${formatDuration(maxMs)}, starting the program anyway\n`,
    );

  const [file, ...args] = program;
  const child = spawn(file, args, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => {
    child.once('error', () => {
      process.stderr.write(`revocast-sidecar wait: cannot start ${file}\n`);
      resolve(127);
    });
    // As in a shell: 128 + the number of the signal.
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
