import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@revocast/test-support';

/** A control group of the kernel that ends a process which takes more memory than the limit (SIGKILL). */
export interface MemoryLimit {
  /** The command that starts a process in it. */
  readonly command: readonly string[];
  /** Bytes; `max` for no limit. */
  set(bytes: number | 'max'): Promise<void>;
  /** Bytes of its processes that are no copies of files. */
  used(): Promise<number>;
  close(): Promise<void>;
}

interface Version {
  readonly root: string;
  readonly limit: string;
  readonly unlimited: string;
  /** In `memory.stat`: without the pages of files, which the kernel can give up. */
  readonly used: string;
  /** What has to be written so that memory is not swapped out instead. */
  readonly noSwap: readonly [file: string, text: string];
}

const versions: readonly Version[] = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    unlimited: '-1',
    used: 'rss',
    noSwap: ['memory.swappiness', '0'],
  },
  {
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    unlimited: 'max',
    used: 'anon',
    noSwap: ['memory.swap.max', '0'],
  },
];

/** @returns undefined where this process may not create a memory group (cgroup v1 or v2). */
export async function openMemoryLimit(name: string): Promise<MemoryLimit | undefined> {
  for (const version of versions) {
    const folder = join(version.root, `revocast-chaos-${process.pid}-${name}`);
    try {
      await mkdir(folder);
    } catch {
      continue;
    }
    try {
      await access(join(folder, version.limit));
      await writeFile(join(folder, version.noSwap[0]), version.noSwap[1]).catch(() => undefined);
      return limitOf(folder, version);
    } catch {
      await rmdir(folder);
    }
  }
  return undefined;
}

function limitOf(folder: string, { limit, unlimited, used }: Version): MemoryLimit {
  return {
    command: ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs')],
    set: (bytes) => writeFile(join(folder, limit), bytes === 'max' ? unlimited : String(bytes)),
    async used() {
      const stat = await readFile(join(folder, 'memory.stat'), 'utf8');
      return Number(new RegExp(`^${used} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
    },
    // The kernel counts a process that has just ended for a moment.
    close: () =>
      until(
        () =>
          rmdir(folder).then(
            () => true,
            () => false,
          ),
        { what: `an empty ${folder}` },
      ).then(() => undefined),
  };
}
