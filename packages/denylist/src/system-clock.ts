import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock, Random } from './clock.ts';

/**
 * `performance.now()` counts the host's monotonic clock from the start of the process, and costs a tenth of `hrtime`. A
 * sidecar sends proofs to other processes of its host, so both need the host's own count.
 */
let hostOffsetMs: number | undefined;

let bootId: string | undefined;

/**
 * Names this boot of this host, so that its clocks are not mistaken for another's. Empty where there is no such name (other
 * than Linux).
 */
export function readBootId(): string {
  bootId ??= readBootIdFile();
  return bootId;
}

function readBootIdFile(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // not Linux: absence is the answer
  }
}

/** The clock of this machine. Only composition roots use it. */
export const systemClock: Clock = {
  get bootId() {
    return readBootId();
  },
  monotonicMs() {
    hostOffsetMs ??= measureHostOffset();
    return hostOffsetMs + performance.now();
  },
  wallMs: () => Date.now(),
  sleep: (ms, signal, keepAlive = false) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      // Node fires a timer of more than 2^31-1 ms at once.
      const timer = setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
      if (!keepAlive) timer.unref();
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** The random numbers of this machine, for jitter. */
export const systemRandom: Random = () => Math.random();

/** The least disturbed of a few readings: a first call is slow. */
function measureHostOffset(): number {
  let best = { gapMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let reading = 0; reading < 5; reading++) {
    const beforeMs = performance.now();
    const hostMs = Number(process.hrtime.bigint()) / 1e6;
    const gapMs = performance.now() - beforeMs;
    if (gapMs < best.gapMs) best = { gapMs, offsetMs: hostMs - beforeMs - gapMs / 2 };
  }
  return best.offsetMs;
}

/** Random bytes as hex digits: a unique name. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
