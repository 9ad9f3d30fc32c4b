import { UsageError } from './failure.ts';
import { readFirstLine } from './source-options.ts';
import type { World } from './world.ts';

/** The first line of a file, or with `-` of stdin. Never an argument: those show up in process lists. */
export async function readSecretText(path: string, option: string, world: World): Promise<string> {
  if (path !== '-') return readFirstLine(path, option, world);
  const [line = ''] = (await world.readStandardInput()).trimStart().split(/\r?\n/, 1);
  if (line.trim() === '') throw new UsageError(`${option}: nothing came on stdin`);
  return line.trim();
}
