import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseJsonObject } from '../../codec/json.ts';
import { readBootId } from '../../system-clock.ts';
import { codeOf } from './disk.ts';

/** Where process ids have one meaning. Two containers of one machine may share a host name, but no PID namespace. */
export interface ProcessPlace {
  readonly host: string;
  /** Empty where the system does not provide it. */
  readonly boot: string;
  /** Empty where the system does not provide it. */
  readonly pidNamespace: string;
}

/** The process that holds a lock. A process id is used again later, so the start time is needed too. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
  /** Undefined in a lock of an earlier release, which writes no beats either. */
  readonly place: Pick<ProcessPlace, 'boot' | 'pidNamespace'> | undefined;
  /** Distinguishes two locks of one process. Empty in a lock of an earlier release that has none. */
  readonly nonce: string;
}

export async function placeOfThisProcess(): Promise<ProcessPlace> {
  const pidNamespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return { host: hostname(), boot: readBootId(), pidNamespace };
}

/** @returns undefined for a lock that is incomplete, or written by another program. */
export function parseHolder(text: string): LockHolder | undefined {
  const [json = ''] = text.split('\n', 1);
  const { host, pid, startedAt, boot, pidNamespace, nonce } = parseJsonObject(json) ?? {};
  if (typeof host !== 'string' || typeof pid !== 'number' || typeof startedAt !== 'string') return undefined;
  const place = typeof boot === 'string' && typeof pidNamespace === 'string' ? { boot, pidNamespace } : undefined;
  return { host, pid, startedAt, place, nonce: typeof nonce === 'string' && /^[0-9a-f]{16}$/.test(nonce) ? nonce : '' };
}

/**
 * Whether the holder of a lock runs. `unknown`: its process id has no meaning here, so only its beats show that it runs.
 */
export async function isRunning(holder: LockHolder, here: ProcessPlace): Promise<boolean | 'unknown'> {
  const { host, pid, startedAt, place } = holder;
  // Only Linux has PID namespaces. Without a name of them there, process ids cannot be compared.
  const isPlaceKnown = process.platform !== 'linux' || (here.boot !== '' && here.pidNamespace !== '');
  const isHere =
    isPlaceKnown && host === here.host && place?.boot === here.boot && place.pidNamespace === here.pidNamespace;
  if (!isHere) return 'unknown';
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const found = await startOf(pid);
  return found === '' || found === startedAt;
}

/** The ticks from the boot to the start of a process; empty where the system does not provide it. */
export async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may contain any character, so fields are counted from the last parenthesis.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
