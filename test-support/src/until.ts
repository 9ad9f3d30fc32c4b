import { setTimeout as sleep } from 'node:timers/promises';

/** @property timeoutMs default 15000, for a machine that is busy; @property everyMs pause between two tries, default 20. */
export interface UntilOptions {
  timeoutMs?: number;
  everyMs?: number;
  /** What is awaited, as the end of "gave up waiting for …". */
  what: string;
}

const timedOut = Symbol('timed out');

/**
 * Polls `condition` until it answers something truthy, and returns that.
 *
 * For real processes and sockets only; code that takes a clock is stepped with a fake one instead. A condition that
 * throws counts as "not yet" (a server that is still starting refuses connections); its last error becomes the `cause`.
 *
 * @throws Error naming `what` and the time waited, also when one call of `condition` never settles.
 */
export async function until<T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>> {
  const { timeoutMs = 15_000, everyMs = 20, what } = options;
  const controller = new AbortController();
  const deadline = sleep(timeoutMs, timedOut, { signal: controller.signal }).catch(() => timedOut);
  const endsAt = performance.now() + timeoutMs;
  let lastError: unknown;
  try {
    do {
      try {
        const answer = await Promise.race([deadline, condition()]);
        if (answer === timedOut) break;
        if (answer) return answer as NonNullable<T>; // the symbol is ruled out above, the falsy values here
      } catch (error) {
        lastError = error;
      }
      await sleep(everyMs);
    } while (performance.now() < endsAt);
  } finally {
    controller.abort();
  }
  throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms`, { cause: lastError });
}
