import type { Disk, LogFile } from '../../../src/embedded/file/disk.ts';

type Step = 'write' | 'sync' | 'truncate' | 'create' | 'replace';

/** A disk in memory. `fail` makes the next such step fail; a failed write leaves half of its bytes. */
export class FaultyDisk implements Disk {
  readonly files = new Map<string, { bytes: Buffer; inode: string }>();
  /** The bytes at the last sync, which survive a power failure. */
  readonly synced = new Map<string, Buffer>();
  readonly steps: Step[] = [];
  readonly #failures = new Map<Step, string>();
  #inodes = 0;

  fail(step: Step, code: string): void {
    this.#failures.set(step, code);
  }

  /** Removes the failures that have not happened yet. */
  mend(): void {
    this.#failures.clear();
  }

  put(path: string, bytes: Buffer): void {
    const known = this.files.get(path)?.inode;
    if (known === undefined) this.#inodes += 1;
    this.files.set(path, { bytes, inode: known ?? String(this.#inodes) });
  }

  async read(path: string) {
    return this.files.get(path);
  }

  async create(path: string): Promise<LogFile> {
    this.#step('create');
    this.#inodes += 1;
    const entry = { bytes: Buffer.alloc(0), inode: String(this.#inodes) };
    this.files.set(path, entry);
    const put = (bytes: Uint8Array, at: number) => {
      const grown = Buffer.alloc(Math.max(entry.bytes.byteLength, at + bytes.byteLength));
      grown.set(entry.bytes);
      grown.set(bytes, at);
      entry.bytes = grown;
    };
    return {
      inode: entry.inode,
      write: async (bytes, at) => {
        try {
          this.#step('write');
        } catch (error) {
          put(bytes.subarray(0, bytes.byteLength >> 1), at);
          throw error;
        }
        put(bytes, at);
      },
      sync: async () => {
        this.#step('sync');
        this.synced.set(entry.inode, entry.bytes);
      },
      truncate: async (length) => {
        this.#step('truncate');
        entry.bytes = entry.bytes.subarray(0, length);
      },
      close: async () => undefined,
    };
  }

  async replace(from: string, to: string) {
    this.#step('replace');
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
  }

  async remove(path: string) {
    this.files.delete(path);
  }

  #step(step: Step): void {
    this.steps.push(step);
    const code = this.#failures.get(step);
    if (code === undefined) return;
    this.#failures.delete(step);
    throw Object.assign(new Error(code), { code });
  }
}
