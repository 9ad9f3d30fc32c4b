import { LogError } from '../../log/revocation-log.ts';
import type { LogStore } from '../memory/embedded-log.ts';
import type { LogState, StoredEntry } from '../memory/log-state.ts';
import { codeOf, type Disk, type LogFile } from './disk.ts';
import { encodeClosing, encodeEntries, encodeFile, type FileHeader } from './frames.ts';

export interface FileStore extends LogStore {
  /** Undefined while all is well. */
  readonly broken: string | undefined;
  /** Writes that the log was closed in order, unless something is broken. */
  close(healingMs: number): Promise<void>;
}

export interface FileStoreOptions {
  readonly path: string;
  readonly disk: Disk;
  readonly header: Omit<FileHeader, 'inode' | 'seq' | 'rows'>;
  readonly state: LogState;
  /** Called before the rules are written anew, so that ended ones are left out. */
  forget(): void;
  /** Bytes from which a file that has doubled is written anew; default 1 MiB. */
  readonly compactAtBytes?: number;
}

/**
 * Writes `state` to a new file, puts it in the place of the old one, and appends to it from then on. What is not known
 * to be safe is never acknowledged; a file of which nobody knows what it holds takes no more entries.
 *
 * @throws the error of the system when the new file cannot be written; the old one is untouched then.
 */
export async function openFileStore(options: FileStoreOptions): Promise<FileStore> {
  const { path, disk, state, compactAtBytes = 1 << 20 } = options;
  let { file, length } = await writeAnew(options);
  let compactAt = Math.max(compactAtBytes, 2 * length);
  let broken: string | undefined;

  const give = (code: 'unavailable' | 'outcome_unknown', error: unknown) => {
    const reason = codeOf(error);
    const text =
      code === 'unavailable'
        ? `nothing was revoked: the log file cannot be written (${reason})`
        : `the revocation may or may not be in force: the log file failed (${reason}); restart, then retry with the same id`;
    return new LogError(code, text, { cause: new Error(reason) });
  };

  const compact = async (): Promise<void> => {
    options.forget();
    try {
      const old = file;
      ({ file, length } = await writeAnew(options));
      await old.close().catch(() => undefined);
      compactAt = Math.max(compactAtBytes, 2 * length);
    } catch {
      compactAt = 2 * length; // no room for a second file: the first one is as good as before
    }
  };

  return {
    get broken() {
      return broken;
    },
    async write(entries: readonly StoredEntry[]) {
      if (broken !== undefined) throw give('unavailable', { code: broken });
      // Before and not after: what the rules are is certain now.
      if (length >= compactAt) await compact();
      const bytes = encodeEntries(entries);
      try {
        await file.write(bytes, length);
      } catch (error) {
        try {
          await file.truncate(length);
        } catch {
          broken = codeOf(error);
          throw give('outcome_unknown', error);
        }
        throw give('unavailable', error);
      }
      try {
        await file.sync();
      } catch (error) {
        // After a failed fsync a second one succeeds and proves nothing: the pages are gone from the cache.
        broken = codeOf(error);
        throw give('outcome_unknown', error);
      }
      length += bytes.byteLength;
    },
    async close(healingMs) {
      try {
        if (broken === undefined) {
          await file.write(encodeClosing(healingMs), length);
          await file.sync();
        }
      } catch {
        // Then it was not closed in order, and the next start heals.
      } finally {
        await file.close().catch(() => undefined);
      }
    },
  };

  async function writeAnew({ header }: FileStoreOptions): Promise<{ file: LogFile; length: number }> {
    const temporary = `${path}.new`;
    const created = await disk.create(temporary);
    try {
      let written = 0;
      for (const piece of encodeFile({ ...header, inode: created.inode }, state)) {
        await created.write(piece, written);
        written += piece.byteLength;
      }
      await created.sync();
      await disk.replace(temporary, path);
      return { file: created, length: written };
    } catch (error) {
      await created.close().catch(() => undefined);
      await disk.remove(temporary).catch(() => undefined);
      throw error;
    }
  }
}
