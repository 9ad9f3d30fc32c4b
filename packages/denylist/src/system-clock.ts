import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './clock.ts';

/**
 * `performance.now()` is the host's monotonic clock counted from the start of the process, and ten times cheaper than a
 * bigint; the proofs that a sidecar hands to the processes beside it need the host's own count.
 */
let hostOffsetMs: number | undefined;

/** The clock of this machine. Only composition roots hand it out. */
export const systemClock: Clock = {
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
      // A delay beyond 2^31-1 ms would fire at once.
      const timer = setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
      if (!keepAlive) timer.unref();
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** The randomness of this machine: jitter. */
export const systemRandom: Random = () => Math.random();

/** Of a few readings the one that was disturbed least: the first call of anything is slow. */
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

/** A name that nobody else has drawn, as hex digits. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
