import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** Writes a new secret to a file that only its owner can read. @returns the path. */
export async function writeTokenFile(path: string): Promise<string> {
  await writeFile(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  return path;
}
