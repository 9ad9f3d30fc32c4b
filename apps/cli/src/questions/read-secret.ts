import { UsageError } from '../failure.ts';
import type { World } from '../world.ts';

type Files = Pick<World, 'readFile'>;

/** @param option names the source in the error. The content is never shown. @throws UsageError */
export function readText(path: string, option: string, { readFile }: Files): string {
  try {
    return readFile(path);
  } catch {
    throw new UsageError(`${option}: cannot read ${path}`);
  }
}

/** The first line of a file, trimmed. @throws UsageError when it is empty */
export function readFirstLine(path: string, option: string, files: Files): string {
  const line = firstLineOf(readText(path, option, files));
  if (line === '') throw new UsageError(`${option}: the first line of ${path} is empty`);
  return line;
}

/**
 * The token on the first line of a file, or of stdin when the path is `-`: the token alone, or a pasted line
 * `Authorization: Bearer …`, also in quotes. A token is no argument: process lists show arguments.
 */
export async function readToken(path: string, world: World): Promise<string> {
  return (await readCredentials(path, world)).replace(/^\S+\s+/, '');
}

/** The same with the scheme, if one was pasted: `Bearer …` or `DPoP …`. */
export async function readCredentials(path: string, world: World): Promise<string> {
  const line =
    path === '-'
      ? firstLineOf((await world.readStandardInput()).trimStart())
      : readFirstLine(path, '--jwt-file', world);
  if (line === '') throw new UsageError('--jwt-file: expected a token on stdin, found nothing');
  const [, value = ''] = /^(?:-H\s*)?(["']?)(.*)\1$/.exec(line)?.slice(1) ?? ['', line];
  return value.replace(/^authorization:\s*/i, '').trim();
}

function firstLineOf(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}
