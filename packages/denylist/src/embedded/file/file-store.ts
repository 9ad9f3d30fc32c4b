import { LogError } from '../../log/revocation-log.ts';
import type { LogStore } from '../memory/embedded-log.ts';
import type { LogState, StoredEntry } from '../memory/log-state.ts';
import { codeOf, type Disk, type LogFile } from './disk.ts';
import { encodeClosing, encodeEntries, encodeFile, type FileHeader } from './frames.ts';
import type { FileLock } from './lock.ts';

interface FileStore extends LogStore {
  /** Why the store accepts no more entries; undefined while it works. `lock_lost`: another process writes the file now. */
  readonly broken: string | undefined;
  /** Why the last write found no space; undefined after one that did. */
  readonly full: string | undefined;
  /** Writes that the log was closed in order, unless something is broken. */
  close(healingMs: number): Promise<void>;
}

interface FileStoreOptions {
  readonly path: string;
  readonly disk: Disk;
  readonly lock: Pick<FileLock, 'isHeld' | 'isLost' | 'temporaryPath'>;
  readonly header: Omit<FileHeader, 'inode' | 'seq' | 'rows'>;
  readonly state: LogState;
  /** Called before the rules are written to a new file, to remove the ended ones. */
  removeEnded(): void;
  /** Bytes from which a file that has doubled is replaced by a new one; default 1 MiB. */
  readonly compactAtBytes?: number;
}

const noSpace = ['ENOSPC', 'EDQUOT'];

/**
 * Writes the state to a new file, which replaces the old one, and appends entries to it. An entry that may not be durable
 * is never acknowledged, nor is one after which the lock is not ours; when it is unknown what the file contains, the store
 * accepts no more entries.
 *
 * On a full disk the old file stays as it is, and the new one is written before the next entry.
 *
 * @throws the error of the system when the new file cannot be written for another reason; the old one is then unchanged.
 */
export async function openFileStore(options: FileStoreOptions): Promise<FileStore> {
  const store = new DiskStore(options);
  await store.begin();
  return store;
}

class DiskStore implements FileStore {
  readonly #options: FileStoreOptions;
  readonly #leastCompactAt: number;
  /** Undefined while there is no space for a first one. */
  #file: LogFile | undefined;
  #length = 0;
  #compactAt = 0;
  #broken: string | undefined;
  #full: string | undefined;

  constructor(options: FileStoreOptions) {
    this.#options = options;
    this.#leastCompactAt = options.compactAtBytes ?? 1 << 20;
  }

  get broken(): string | undefined {
    return this.#options.lock.isLost ? 'lock_lost' : this.#broken;
  }

  get full(): string | undefined {
    return this.#full;
  }

  async begin(): Promise<void> {
    try {
      await this.#replaceFile();
    } catch (error) {
      if (!noSpace.includes(codeOf(error))) throw error;
      this.#full = codeOf(error);
    }
  }

  async write(entries: readonly StoredEntry[]): Promise<void> {
    if (this.broken !== undefined) throw writeFailure('unavailable', this.broken);
    const file = await this.#fileWithRoom();
    const bytes = encodeEntries(entries);
    try {
      await file.write(bytes, this.#length);
    } catch (error) {
      await file.truncate(this.#length).catch((failed) => this.#fail(failed));
      throw this.#unwritten(error);
    }
    // After a failed fsync a second one succeeds and proves nothing: the pages are gone from the cache.
    await file.sync().catch((error) => this.#fail(error));
    await this.#expectLock();
    this.#length += bytes.byteLength;
    this.#full = undefined;
  }

  async close(healingMs: number): Promise<void> {
    const file = this.#file;
    try {
      if (file !== undefined && this.broken === undefined) {
        await file.write(encodeClosing(healingMs), this.#length);
        await file.sync();
      }
    } catch {
      // The file then counts as not closed in order, and the next start begins with healing.
    } finally {
      await file?.close().catch(() => undefined);
    }
  }

  /** Before the write, because the rules are certain now. After a failed write they are not. */
  async #fileWithRoom(): Promise<LogFile> {
    const present = this.#file;
    if (present !== undefined && this.#length < this.#compactAt) return present;
    this.#options.removeEnded();
    try {
      return await this.#replaceFile();
    } catch (error) {
      if (present === undefined) throw this.#unwritten(error);
      this.#compactAt = 2 * this.#length; // no space for a second file; the first one still works
      return present;
    }
  }

  async #replaceFile(): Promise<LogFile> {
    const old = this.#file;
    const { file, length } = await writeNewFile(this.#options);
    [this.#file, this.#length] = [file, length];
    this.#compactAt = Math.max(this.#leastCompactAt, 2 * length);
    await old?.close().catch(() => undefined);
    return file;
  }

  async #expectLock(): Promise<void> {
    const isHeld = await this.#options.lock.isHeld().catch((error) => this.#fail(error));
    if (!isHeld) throw writeFailure('outcome_unknown', 'lock_lost');
  }

  #unwritten(error: unknown): LogError {
    const code = codeOf(error);
    if (noSpace.includes(code)) this.#full = code;
    return writeFailure('unavailable', code);
  }

  #fail(error: unknown): never {
    this.#broken = codeOf(error);
    throw writeFailure('outcome_unknown', this.#broken);
  }
}

async function writeNewFile({
  path,
  disk,
  lock,
  header,
  state,
}: FileStoreOptions): Promise<{ file: LogFile; length: number }> {
  const temporary = lock.temporaryPath;
  const file = await disk.create(temporary);
  try {
    let length = 0;
    for (const part of encodeFile({ ...header, inode: file.inode }, state)) {
      await file.write(part, length);
      length += part.byteLength;
    }
    await file.sync();
    // A process that takes the lock over after this reading removes our new file before it reads the log.
    if (!(await lock.isHeld())) throw Object.assign(new Error('lock_lost'), { code: 'lock_lost' });
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
