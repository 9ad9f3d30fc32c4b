import { randomInt } from 'node:crypto';
import { isMainThread } from 'node:worker_threads';
import { help, readCommandLine } from './command-line.ts';
import type { Decoder } from './decoder.ts';
import { supervise } from './supervise.ts';
import { work } from './work.ts';

/** The program: on the main thread the supervisor, on the other one the decoders. @param self URL of the program. */
export async function fuzz(decoders: readonly Decoder[], self: string): Promise<void> {
  if (!isMainThread) {
    work(decoders);
    return;
  }
  const argv = process.argv.slice(2);
  const names = decoders.map(({ name }) => name);
  if (argv.includes('--help') || argv.includes('--list')) {
    console.log(argv.includes('--help') ? help : names.join('\n'));
    return;
  }
  const command = readCommandLine(argv, names, randomInt(2 ** 32));
  if (typeof command === 'string') {
    console.error(command);
    process.exitCode = 2;
    return;
  }
  const isClean = await supervise(decoders, command, new URL(self));
  process.exitCode = isClean ? 0 : 1;
}
