import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseJsonObject } from '../../codec/json.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from './disk.ts';

/** The process that holds a lock. A process id is used again later, so the start time is needed too. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
}

/**
 * Ensures that one process at a time writes a file, by a lock file beside it. A lock whose process on this host no longer
 * runs is taken over.
 *
 * @returns a function that releases the lock.
 * @throws ConfigurationError when another process holds the lock.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const lockPath = `${path}.lock`;
  const me: Holder = { host: hostname(), pid: process.pid, startedAt: await startOf(process.pid) };
  const text = JSON.stringify({ ...me, nonce: randomBytes(8).toString('hex') });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await writeFile(lockPath, text, { flag: 'wx', mode: 0o600 });
      return () => release(lockPath, text);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'EEXIST')
        throw refuse(`the log file cannot be locked (${code}): check that its folder exists and is writable`);
    }
    const found = await readFile(lockPath, 'utf8').catch(() => undefined);
    if (found === undefined) continue; // released meanwhile
    const holder = parseHolder(found);
    if (holder === undefined || (await isAlive(holder, me))) throw lockedBy(holder);
    await removeLock(lockPath, found);
  }
  throw lockedBy(undefined);
}

async function release(lockPath: string, text: string): Promise<void> {
  const found = await readFile(lockPath, 'utf8').catch(() => undefined);
  if (found === text) await rm(lockPath, { force: true });
}

/**
 * Removes the lock of a process that no longer runs. Another process may do the same and lock the file anew in between,
 * so the lock is moved and compared before it is deleted.
 */
async function removeLock(lockPath: string, judged: string): Promise<void> {
  const aside = `${lockPath}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(lockPath, aside);
  } catch {
    return; // another process has moved it
  }
  const moved = await readFile(aside, 'utf8').catch(() => judged);
  if (moved !== judged) await link(aside, lockPath).catch(() => undefined);
  await rm(aside, { force: true });
}

function lockedBy(holder: Holder | undefined): ConfigurationError {
  const owner = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return refuse(
    `the log file is locked by ${owner}: publish through that process, or delete the .lock file if it no longer runs`,
  );
}

function refuse(message: string): ConfigurationError {
  return new ConfigurationError('source', message);
}

function parseHolder(text: string): Holder | undefined {
  const { host, pid, startedAt } = parseJsonObject(text) ?? {};
  const isHolder = typeof host === 'string' && typeof pid === 'number' && typeof startedAt === 'string';
  // Incomplete, or written by another program.
  return isHolder ? { host, pid, startedAt } : undefined;
}

async function isAlive(holder: Holder, me: Holder): Promise<boolean> {
  // Whether a process of another host runs cannot be found out here.
  if (holder.host !== me.host) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const startedAt = await startOf(holder.pid);
  return startedAt === '' || startedAt === holder.startedAt;
}

/** The boot of the host, and the ticks from then to the start of the process; empty where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name, in parentheses, may contain any character, so fields are counted from the last parenthesis.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${boot.trim()} ${ticks}`;
  } catch {
    return '';
  }
}
