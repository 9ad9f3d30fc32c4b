import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ConfigurationError } from '../../configuration-error.ts';
import { codeOf } from './disk.ts';

/** Who holds a lock: a process number is given to others later, so the start of the process belongs to it. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
}

/**
 * Makes sure that one process at a time writes a file, by a file beside it. One left behind by a process of this host
 * that is gone is taken over.
 *
 * @returns what gives it back.
 * @throws ConfigurationError when somebody else holds it.
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
      if (codeOf(error) !== 'EEXIST') throw cannot(codeOf(error));
    }
    const found = await readFile(lockPath, 'utf8').catch(() => undefined);
    if (found === undefined) continue; // given back meanwhile
    const holder = parseHolder(found);
    if (holder === undefined || (await isAlive(holder, me))) throw cannot(undefined, holder);
    await takeAway(lockPath, found);
  }
  throw cannot('EEXIST');
}

async function release(lockPath: string, text: string): Promise<void> {
  const found = await readFile(lockPath, 'utf8').catch(() => undefined);
  if (found === text) await rm(lockPath, { force: true });
}

/** Two may find the same dead holder: only what was judged may go, so it is moved first and looked at again. */
async function takeAway(lockPath: string, judged: string): Promise<void> {
  const aside = `${lockPath}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(lockPath, aside);
  } catch {
    return; // the other one was faster
  }
  const moved = await readFile(aside, 'utf8').catch(() => judged);
  if (moved !== judged) await link(aside, lockPath).catch(() => undefined);
  await rm(aside, { force: true });
}

function cannot(code: string | undefined, holder?: Holder): ConfigurationError {
  if (code !== undefined && code !== 'EEXIST') {
    return new ConfigurationError(
      'source',
      `the log file cannot be locked (${code}): is its folder there and writable?`,
    );
  }
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return new ConfigurationError(
    'source',
    `${who} has the log file: let that one be the sidecar and publish through it, or delete the .lock file if it is gone`,
  );
}

function parseHolder(text: string): Holder | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields !== 'object' || fields === null) return undefined;
    const { host, pid, startedAt }: Record<string, unknown> = { ...fields };
    if (typeof host !== 'string' || typeof pid !== 'number' || typeof startedAt !== 'string') return undefined;
    return { host, pid, startedAt };
  } catch {
    return undefined; // being written, or foreign
  }
}

async function isAlive(holder: Holder, me: Holder): Promise<boolean> {
  // Of another host nobody can tell from here.
  if (holder.host !== me.host) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const startedAt = await startOf(holder.pid);
  return startedAt === '' || startedAt === holder.startedAt;
}

/** Boot of the host and ticks since then; empty where the system does not say. */
async function startOf(pid: number): Promise<string> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name, in parentheses, may hold anything; what follows is counted from behind it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${boot.trim()} ${ticks}`;
  } catch {
    return '';
  }
}
