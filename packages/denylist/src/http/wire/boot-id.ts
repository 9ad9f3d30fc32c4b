import { readFileSync } from 'node:fs';

/**
 * Names this boot of this host, so that its monotonic clock is not mistaken for another's. Empty where there is no such
 * name (other than Linux): then a process asks its sidecar for the age of the proof instead.
 */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // not Linux: absence is the answer
  }
}

/** The same as the 32 hex digits of a frame; undefined where there is no name. */
export function bootIdDigits(bootId: string): string | undefined {
  return bootId === '' ? undefined : bootId.replaceAll('-', '');
}
