import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from './disk.ts';
import {
  isRunning,
  type LockHolder,
  type ProcessPlace,
  parseHolder,
  placeOfThisProcess,
  startOf,
} from './lock-holder.ts';

// A lock file is two lines: the holder as JSON, and the number of its beats in twelve digits, which the holder overwrites
// in place twice a second. An earlier release cannot read it, and never takes it over.

const beatMs = 500;
/** A holder whose process id has no meaning here counts as running until its beats stand still for so long. */
export const stillMs = 10_000;
const pollMs = 500;
const beatDigits = 12;
/** Between two readings of a lock that is not in its place: another process may have moved it for a moment. */
const absentPausesMs = [2, 10, 30];

export interface LockPorts {
  readonly clock: Clock;
  /** Default: where this process runs. */
  readonly place?: ProcessPlace;
}

/**
 * Ensures that one process at a time writes a file, by a lock file beside it. A lock is taken over when its process no
 * longer runs, or, if its process id has no meaning here (another boot, host or PID namespace), when its beats stand still
 * for {@link stillMs}.
 *
 * @throws ConfigurationError when another process holds the lock.
 */
export async function lockFile(path: string, { clock, place }: LockPorts): Promise<FileLock> {
  const lockPath = `${path}.lock`;
  const here = place ?? (await placeOfThisProcess());
  const nonce = randomBytes(8).toString('hex');
  const holder = JSON.stringify({ ...here, pid: process.pid, startedAt: await startOf(process.pid), nonce });
  const replaced: string[] = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const file = await createLock(lockPath, `${holder}\n${beatText(0)}\n`);
    if (file !== undefined) return new FileLock({ path, lockPath, file, holder, nonce, replaced, clock });
    const found = await readLock(lockPath);
    if (found === undefined) continue; // released meanwhile
    const other = parseHolder(found);
    if (other === undefined) throw lockedBy(other);
    await untilItNoLongerRuns(lockPath, { found, other, here, clock });
    if (await removeLock(lockPath, found)) replaced.push(other.nonce);
  }
  throw lockedBy(undefined);
}

interface LockParts {
  readonly path: string;
  readonly lockPath: string;
  readonly file: FileHandle;
  readonly holder: string;
  readonly nonce: string;
  readonly replaced: readonly string[];
  readonly clock: Clock;
}

/** A lock that this process has taken. Another process may take it over while this one stands still. */
export class FileLock {
  readonly #parts: LockParts;
  readonly #stop = new AbortController();
  #beats = 0;
  #heldAtMs: number;
  #isLost = false;

  constructor(parts: LockParts) {
    this.#parts = parts;
    this.#heldAtMs = parts.clock.monotonicMs();
    void this.#beatUntilReleased();
  }

  /** Where this holder writes a new file. No other holder uses this name. */
  get temporaryPath(): string {
    return temporaryOf(this.#parts.path, this.#parts.nonce);
  }

  /** What earlier holders may have left, to be removed before the file is read: they can then no longer replace it. */
  get leftPaths(): readonly string[] {
    const { path, replaced } = this.#parts;
    return [`${path}.new`, ...replaced.filter((nonce) => nonce !== '').map((nonce) => temporaryOf(path, nonce))];
  }

  /** Monotonic time just before the lock was last seen to be ours. */
  get heldAtMs(): number {
    return this.#heldAtMs;
  }

  /** Another process has taken the lock over. This never ends. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Reads the lock. Called after an entry is on stable storage: a holder that takes over later than this reading finds the
   * entry in the file, and an entry written after the takeover is not acknowledged.
   */
  async isHeld(): Promise<boolean> {
    const { lockPath, holder, clock } = this.#parts;
    if (this.#isLost) return false;
    const askedAtMs = clock.monotonicMs();
    const found = await readLock(lockPath);
    this.#isLost ||= found?.split('\n', 1)[0] !== holder;
    if (!this.#isLost) this.#heldAtMs = Math.max(this.#heldAtMs, askedAtMs);
    return !this.#isLost;
  }

  async release(): Promise<void> {
    const { lockPath, file } = this.#parts;
    this.#stop.abort();
    if (await this.isHeld().catch(() => false)) await rm(lockPath, { force: true });
    await file.close().catch(() => undefined);
  }

  async #beatUntilReleased(): Promise<void> {
    const { clock, file } = this.#parts;
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleep(beatMs, signal);
      if (signal.aborted || this.#isLost) return;
      try {
        this.#beats += 1;
        // In place: a new file under this name could replace the lock of another holder.
        await file.write(beatText(this.#beats), Buffer.byteLength(this.#parts.holder) + 1, 'latin1');
        await this.isHeld();
      } catch {
        // Without a reading of the lock the proofs of this process become too old.
      }
    }
  }
}

function temporaryOf(path: string, nonce: string): string {
  return `${path}.${nonce}.new`;
}

function beatText(beats: number): string {
  return String(beats).padStart(beatDigits, '0');
}

/** @returns undefined when there is a lock. @throws ConfigurationError when none can be created. */
async function createLock(lockPath: string, text: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(lockPath, 'wx', 0o600);
    await file.writeFile(text);
    return file;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return undefined;
    if (file !== undefined) {
      // An incomplete lock would be that of an unknown process for ever.
      await file.close().catch(() => undefined);
      await rm(lockPath, { force: true }).catch(() => undefined);
    }
    throw refuse(
      `the log file cannot be locked (${code}): check that its folder exists and is writable, and that its disk is not full`,
    );
  }
}

/** @returns undefined when there is none. */
async function readLock(lockPath: string): Promise<string | undefined> {
  for (const pauseMs of [...absentPausesMs, undefined]) {
    try {
      return await readFile(lockPath, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      if (pauseMs !== undefined) await sleep(pauseMs);
    }
  }
  return undefined;
}

interface Judged {
  readonly found: string;
  readonly other: LockHolder;
  readonly here: ProcessPlace;
  readonly clock: Clock;
}

/**
 * Resolves when the holder of a lock no longer runs, or has released it.
 *
 * @throws ConfigurationError as soon as it is known to run.
 */
async function untilItNoLongerRuns(lockPath: string, { found, other, here, clock }: Judged): Promise<void> {
  const runs = await isRunning(other, here);
  // A lock of an earlier release has no beats that could stand still.
  if (runs === true || (runs === 'unknown' && other.place === undefined)) throw lockedBy(other);
  if (runs === false) return;
  for (let stoodStillMs = 0; stoodStillMs < stillMs; ) {
    const fromMs = clock.monotonicMs();
    await clock.sleep(pollMs, undefined, true);
    // A pause of this machine stops the holder too, so one pause counts for no more than two polls.
    stoodStillMs += Math.min(2 * pollMs, clock.monotonicMs() - fromMs);
    const latest = await readLock(lockPath);
    if (latest === undefined) return;
    if (latest !== found) throw lockedBy(parseHolder(latest));
  }
}

/**
 * Removes the lock of a process that no longer runs. Another process may do the same and lock the file anew in between,
 * so the lock is moved and compared before it is deleted.
 *
 * @returns whether this process has removed it.
 */
async function removeLock(lockPath: string, judged: string): Promise<boolean> {
  if ((await readLock(lockPath)) !== judged) return false;
  const aside = `${lockPath}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(lockPath, aside);
  } catch {
    return false; // another process has moved it
  }
  const moved = await readFile(aside, 'utf8').catch(() => judged);
  if (moved !== judged) await link(aside, lockPath).catch(() => undefined);
  await rm(aside, { force: true });
  return moved === judged;
}

function lockedBy(holder: LockHolder | undefined): ConfigurationError {
  const owner = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return refuse(
    `the log file is locked by ${owner}: publish through that process, or delete the .lock file if it no longer runs`,
  );
}

function refuse(message: string): ConfigurationError {
  return new ConfigurationError('source', message);
}
