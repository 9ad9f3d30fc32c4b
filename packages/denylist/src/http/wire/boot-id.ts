import { readFile } from 'node:fs/promises';

/**
 * Names this boot of this host, so that its monotonic clock is not mistaken for another's. Empty where there is no such
 * name (other than Linux): then a process asks its sidecar for the age of the proof instead.
 */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return ''; // not Linux: absence is the answer
  }
}
