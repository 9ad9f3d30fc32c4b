import { spawn } from 'node:child_process';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dieWithParent, freePort } from '@revocast/test-support';
import { isOk } from '../fleet/sidecar.ts';

const program = fileURLToPath(new URL('./bare-process.js', import.meta.url));

/** Starts the floor of the part: a bare HTTP server in a process of its own. */
export async function startBare() {
  const port = await freePort();
  const startedAt = performance.now();
  const process = spawn(execPath, [program, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] });
  dieWithParent(process);
  while (!(await isOk(`http://127.0.0.1:${port}/`))) {
    if (process.exitCode !== null) throw new Error('the bare HTTP server ended during its start');
    await sleep(5);
  }
  return {
    pid: process.pid ?? Number.NaN,
    readyAfterMs: performance.now() - startedAt,
    end: () => void process.kill('SIGKILL'),
  };
}
