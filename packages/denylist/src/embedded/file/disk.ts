import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCodeOf } from '../../error-code.ts';

/** The part of a file system that a log needs. Tests replace it by one that fails. */
export interface Disk {
  /** The whole file and its inode; undefined when there is no file. */
  read(path: string): Promise<{ readonly bytes: Buffer; readonly inode: string } | undefined>;
  /** An empty file to write to. It replaces an existing one. */
  create(path: string): Promise<LogFile>;
  /** Replaces a file by another one: atomic, and durable when it resolves. */
  replace(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export interface LogFile {
  /** A copy of a file has another inode. */
  readonly inode: string;
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Resolves when everything written is on stable storage. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** With a link in the place of the log, another user of its folder could choose which file is read or overwritten. */
const notThroughLink = constants.O_NOFOLLOW ?? 0;
const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC } = constants;

export const systemDisk: Disk = {
  async read(path) {
    try {
      const file = await open(path, O_RDONLY | notThroughLink);
      try {
        const { ino } = await file.stat({ bigint: true });
        return { bytes: await readFile(file), inode: String(ino) };
      } finally {
        await file.close();
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async create(path) {
    const file = await open(path, O_WRONLY | O_CREAT | O_TRUNC | notThroughLink, 0o600);
    // A file that exists keeps its mode when it is opened.
    await file.chmod(0o600);
    const { ino } = await file.stat({ bigint: true });
    return {
      inode: String(ino),
      async write(bytes, at) {
        // On a full disk a write may store only a part, and still succeed.
        for (let done = 0; done < bytes.byteLength; ) {
          const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, at + done);
          done += bytesWritten;
        }
      },
      sync: () => file.sync(),
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  },
  async replace(from, to) {
    await rename(from, to);
    // The new name is durable only when the folder is. Some systems cannot open a folder; there the rename is not synced.
    const folder = await open(dirname(to), 'r').catch(() => undefined);
    await folder?.sync().catch(() => undefined);
    await folder?.close();
  },
  remove: (path) => rm(path, { force: true }),
};

/** The code of a failed system call, such as ENOSPC. It contains no path. */
export function codeOf(error: unknown): string {
  return errorCodeOf(error) ?? 'unexpected';
}
