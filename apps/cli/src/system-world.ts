import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { systemClock, systemRandom } from '@revocast/denylist/replica';
import type { Output, World } from './world.ts';

/** The world of this process. The first SIGINT or SIGTERM interrupts in order; a second one ends it at once. */
export function systemWorld(): World {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  // `revocast tail | head -1` closes the pipe on purpose: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    environment: process.env,
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    clock: systemClock,
    random: systemRandom,
    fetch,
    readFile: (path) => readFileSync(path, 'utf8'),
    readStandardInput: () => text(process.stdin),
    interrupted: interruption.signal,
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  return {
    write: (written) => void stream.write(written),
    isTerminal,
    ...(isTerminal ? { columns: stream.columns } : {}),
  };
}
