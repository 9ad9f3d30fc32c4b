import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './clock.ts';

/** The clock of this machine. Only composition roots hand it out. */
export const systemClock: Clock = {
  // hrtime and not performance.now(): the latter starts anew in every process, and a proof of freshness is carried
  // from the sidecar to the processes beside it.
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  wallMs: () => Date.now(),
  sleep: (ms, signal) =>
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
      timer.unref();
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** The randomness of this machine: jitter. */
export const systemRandom: Random = () => Math.random();

/** A name that nobody else has drawn, as hex digits. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
