import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigurationError, errorCodeOf } from '@revocast/denylist/replica';

/** One file of a spool. */
export interface SpoolFile {
  /** Sorts by the order in which the files were written. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Bytes of one file. A message has at most a quarter of them. */
export const maxFileBytes = 1_048_576;

const fileName = /^\d{16}-[0-9a-f]{16}\.json$/;
/** O_NONBLOCK: opening a named pipe must not wait for its writer. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const writeFlags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/**
 * Files that outlive the process: each is complete on the disk, under its name, when `add` resolves. A symbolic link is never
 * followed, and no other user can read what is written.
 */
export class SpoolDirectory {
  readonly #path: string;
  #number: number;

  private constructor(path: string, number: number) {
    this.#path = path;
    this.#number = number;
  }

  /**
   * Opens a directory, which is created if it does not exist.
   *
   * @param ownUid of this process; undefined on Windows.
   * @throws ConfigurationError when it cannot be used, or when other users may write to it.
   */
  static async open(
    given: string,
    option: string,
    ownUid = process.geteuid?.(),
  ): Promise<{ directory: SpoolDirectory; names: readonly string[] }> {
    // Without a slash at its end, which would follow a symbolic link.
    const path = resolve(given);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const found = await lstat(path);
      if (!found.isDirectory()) throw new ConfigurationError(option, `expected a directory; found something else`);
      const isOwn = found.uid === ownUid;
      // A process that can write files here can revoke.
      if ((found.mode & (isOwn ? 0o002 : 0o022)) !== 0) {
        const fix = 'run: chmod 700, or name a directory below it, which is then created';
        throw new ConfigurationError(option, `expected a directory that only this user may write to; ${fix}`);
      }
      // Kubernetes lets the group of a volume (`fsGroup`) write to every directory of it at each mount.
      const wasOpen = (found.mode & 0o020) !== 0;
      if (wasOpen) await chmod(path, 0o700);
      const all = wasOpen ? await keepOwnFiles(path, ownUid) : await readdir(path);
      // What was being written when the process ended. Its sender got no answer.
      for (const name of all.filter((each) => each.endsWith('.tmp'))) await unlink(join(path, name));
      const names = all.filter((name) => fileName.test(name)).sort();
      const last = Number(names.at(-1)?.slice(0, 16) ?? 0);
      return { directory: new SpoolDirectory(path, last), names };
    } catch (cause) {
      if (cause instanceof ConfigurationError) throw cause;
      throw new ConfigurationError(option, `cannot use the directory (${errorCodeOf(cause) ?? 'unknown'})`, { cause });
    }
  }

  /** @returns the name of the file. @throws the error of the file system; then nothing is left. */
  async add(bytes: string): Promise<string> {
    this.#number += 1;
    const name = `${String(this.#number).padStart(16, '0')}-${randomBytes(8).toString('hex')}.json`;
    const unfinished = join(this.#path, `${name}.tmp`);
    const file = await open(unfinished, writeFlags, 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } catch (error) {
      await unlink(unfinished).catch(() => undefined); // the first error counts
      throw error;
    } finally {
      await file.close();
    }
    await rename(unfinished, join(this.#path, name));
    await this.#syncDirectory();
    return name;
  }

  /** @returns undefined for a file that is gone, too large or no regular file. @throws the error of the file system. */
  async read(name: string): Promise<Buffer | undefined> {
    const file = await open(join(this.#path, name), readFlags).catch((error: unknown) => {
      // Any other error, such as too many open files, says nothing about the file.
      if (errorCodeOf(error) === 'ENOENT' || errorCodeOf(error) === 'ELOOP') return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    try {
      const found = await file.stat();
      return found.isFile() && found.size <= maxFileBytes ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  }

  async remove(name: string): Promise<void> {
    await unlink(join(this.#path, name)).catch((error: unknown) => {
      if (errorCodeOf(error) !== 'ENOENT') throw error;
    });
  }

  /** Keeps a file that cannot be read, for a person, out of the way. */
  async setAside(name: string): Promise<void> {
    // A file that keeps its name is read again at the next start.
    await rename(join(this.#path, name), join(this.#path, `${name}.bad`)).catch(() => undefined);
  }

  /** Without it, a power failure can take the name of a file that is on the disk. */
  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#path, constants.O_RDONLY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** Sets aside the files that another user has made in a directory to which its group could write. @returns the names of the rest. */
export async function keepOwnFiles(path: string, ownUid: number | undefined): Promise<string[]> {
  const own: string[] = [];
  for (const name of await readdir(path)) {
    const { uid } = await lstat(join(path, name));
    if (uid === ownUid) own.push(name);
    else if (fileName.test(name)) await rename(join(path, name), join(path, `${name}.bad`));
  }
  return own;
}
