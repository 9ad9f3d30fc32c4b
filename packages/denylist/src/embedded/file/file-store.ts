import { LogError } from '../../log/revocation-log.ts';
import type { LogStore } from '../memory/embedded-log.ts';
import type { LogState } from '../memory/log-state.ts';
import { codeOf, type Disk, type LogFile } from './disk.ts';
import { encodeClosing, encodeEntries, encodeFile, type FileHeader } from './frames.ts';

interface FileStore extends LogStore {
  /** Why the store accepts no more entries; undefined while it works. */
  readonly broken: string | undefined;
  /** Writes that the log was closed in order, unless something is broken. */
  close(healingMs: number): Promise<void>;
}

interface FileStoreOptions {
  readonly path: string;
  readonly disk: Disk;
  readonly header: Omit<FileHeader, 'inode' | 'seq' | 'rows'>;
  readonly state: LogState;
  /** Called before the rules are written to a new file, to remove the ended ones. */
  removeEnded(): void;
  /** Bytes from which a file that has doubled is replaced by a new one; default 1 MiB. */
  readonly compactAtBytes?: number;
}

/**
 * Writes the state to a new file, which replaces the old one, and appends entries to it. An entry that may not be durable
 * is never acknowledged; when it is unknown what the file contains, the store accepts no more entries.
 *
 * @throws the error of the system when the new file cannot be written; the old one is then unchanged.
 */
export async function openFileStore(options: FileStoreOptions): Promise<FileStore> {
  const { compactAtBytes = 1 << 20, removeEnded } = options;
  let { file, length } = await writeNewFile(options);
  let compactAt = Math.max(compactAtBytes, 2 * length);
  let broken: string | undefined;

  const fail = (error: unknown): never => {
    broken = codeOf(error);
    throw writeFailure('outcome_unknown', broken);
  };

  const compact = async (): Promise<void> => {
    removeEnded();
    try {
      const old = file;
      ({ file, length } = await writeNewFile(options));
      await old.close().catch(() => undefined);
      compactAt = Math.max(compactAtBytes, 2 * length);
    } catch {
      compactAt = 2 * length; // no space for a second file; the first one still works
    }
  };

  return {
    get broken() {
      return broken;
    },
    async write(entries) {
      if (broken !== undefined) throw writeFailure('unavailable', broken);
      // Before the write, because the rules are certain now. After a failed write they are not.
      if (length >= compactAt) await compact();
      const bytes = encodeEntries(entries);
      try {
        await file.write(bytes, length);
      } catch (error) {
        await file.truncate(length).catch(() => fail(error));
        throw writeFailure('unavailable', codeOf(error));
      }
      // After a failed fsync a second one succeeds and proves nothing: the pages are gone from the cache.
      await file.sync().catch(fail);
      length += bytes.byteLength;
    },
    async close(healingMs) {
      try {
        if (broken === undefined) {
          await file.write(encodeClosing(healingMs), length);
          await file.sync();
        }
      } catch {
        // The file then counts as not closed in order, and the next start begins with healing.
      } finally {
        await file.close().catch(() => undefined);
      }
    },
  };
}

async function writeNewFile({
  path,
  disk,
  header,
  state,
}: FileStoreOptions): Promise<{ file: LogFile; length: number }> {
  const temporary = `${path}.new`;
  const file = await disk.create(temporary);
  try {
    let length = 0;
    for (const part of encodeFile({ ...header, inode: file.inode }, state)) {
      await file.write(part, length);
      length += part.byteLength;
    }
    await file.sync();
    await disk.replace(temporary, path);
    return { file, length };
  } catch (error) {
    await file.close().catch(() => undefined);
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
}

function writeFailure(code: 'unavailable' | 'outcome_unknown', reason: string): LogError {
  const text =
    code === 'unavailable'
      ? `nothing was revoked: the log file cannot be written (${reason})`
      : `the revocation may or may not be in force: the log file failed (${reason}); restart, then retry with the same id`;
  return new LogError(code, text, { cause: new Error(reason) });
}
