import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The little of a file system that a log needs, so that a test can let it fail. */
export interface Disk {
  /** The whole file and its inode; undefined when there is none. */
  read(path: string): Promise<{ readonly bytes: Buffer; readonly inode: string } | undefined>;
  /** An empty file to write to, whatever was there before. */
  create(path: string): Promise<LogFile>;
  /** Puts a file in the place of another, atomically and for good. */
  replace(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export interface LogFile {
  /** A copy of a file has another one. */
  readonly inode: string;
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Resolves when everything written is on stable storage. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export const systemDisk: Disk = {
  async read(path) {
    try {
      const file = await open(path, 'r');
      try {
        const { ino } = await file.stat({ bigint: true });
        return { bytes: await readFile(file), inode: String(ino) };
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async create(path) {
    const file = await open(path, 'w', 0o600);
    const { ino } = await file.stat({ bigint: true });
    return {
      inode: String(ino),
      async write(bytes, at) {
        // A full disk may take a part and report it as success.
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
    // The new name is safe only when the folder is. Some systems cannot open one: there the rename is all there is.
    const folder = await open(dirname(to), 'r').catch(() => undefined);
    await folder?.sync().catch(() => undefined);
    await folder?.close();
  },
  remove: (path) => rm(path, { force: true }),
};

/** The code of a failed system call, as ENOSPC; it names no path. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unexpected';
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}
