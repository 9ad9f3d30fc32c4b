import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { systemClock, systemRandom } from '@revocast/denylist/replica';
import type { Output, World } from './world.ts';

/** The world of this process. The first SIGINT or SIGTERM stops a command in order; the second ends the process. */
export function systemWorld(): World {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  // `revocast tail | head -1` closes the pipe on purpose.
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

/** `columns` is undefined for a stream that is not a terminal. */
function outputOf(stream: NodeJS.WriteStream): Output {
  return { write: (written) => void stream.write(written), isTerminal: stream.isTTY === true, columns: stream.columns };
}
