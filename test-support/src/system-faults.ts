import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const source = fileURLToPath(new URL('../native/system-faults.c', import.meta.url));
const cacheDir = fileURLToPath(new URL('../../.cache/native', import.meta.url));

/** Faults of the operating system for the processes that are started with `env`. */
export interface SystemFaults {
  /** Variables for the start of a process. Several processes can share them. */
  readonly env: Readonly<Record<string, string>>;
  /** Adds milliseconds to the wall clock of these processes, from now on. The monotonic clock is not changed. */
  moveClock(offsetMs: number): Promise<void>;
  /** Whether their calls of fsync and fdatasync fail with EIO, from now on. */
  failFsync(fails: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Why this machine has no system faults: it needs Linux, for LD_PRELOAD, and a C compiler.
 *
 * @returns undefined when it has them.
 */
export async function missingForSystemFaults(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'needs Linux';
  try {
    await library();
    return undefined;
  } catch {
    return 'needs a C compiler named cc';
  }
}

/** @throws Error when {@link missingForSystemFaults} names a reason. */
export async function openSystemFaults(): Promise<SystemFaults> {
  const preload = await library();
  const folder = await mkdtemp(join(tmpdir(), 'revocast-faults-'));
  const path = join(folder, 'faults');
  const file = await open(path, 'w+');
  await write(file, { offsetMs: 0, fsyncFails: false });
  const state = { offsetMs: 0, fsyncFails: false };
  return {
    env: { LD_PRELOAD: preload, SYSTEM_FAULTS_FILE: path },
    async moveClock(offsetMs) {
      state.offsetMs = offsetMs;
      await write(file, state);
    },
    async failFsync(fails) {
      state.fsyncFails = fails;
      await write(file, state);
    },
    async close() {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function write(file: FileHandle, { offsetMs, fsyncFails }: { offsetMs: number; fsyncFails: boolean }) {
  await file.write(new BigInt64Array([BigInt(Math.round(offsetMs * 1000)), fsyncFails ? 1n : 0n]), 0, 16, 0);
}

let built: Promise<string> | undefined;

/** The compiled library. It is compiled once, and again when its source has changed. */
function library(): Promise<string> {
  built ??= compile();
  return built;
}

async function compile(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(source))
    .digest('hex');
  const path = join(cacheDir, `system-faults-${process.arch}-${digest.slice(0, 16)}.so`);
  if (existsSync(path)) return path;
  await mkdir(cacheDir, { recursive: true });
  // Another process may compile at the same time: the rename makes the file appear whole.
  const own = `${path}.${process.pid}`;
  await run('cc', ['-shared', '-fPIC', '-O2', '-o', own, source, '-ldl']);
  await rename(own, path);
  return path;
}
