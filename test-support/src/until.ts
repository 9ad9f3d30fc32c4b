import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Default 15000, long enough for a busy machine. */
  timeoutMs?: number;
  /** Pause between two calls of the condition. Default 20. */
  everyMs?: number;
  /** The end of the error text "timed out waiting for …". */
  what: string;
}

const timedOut = Symbol('timed out');

/**
 * Polls `condition` until it returns a truthy value, and returns this value.
 *
 * Only for real processes and sockets; use a fake clock for code that takes a clock. An error of the condition counts as
 * "not yet", because a starting server refuses connections. The last error is the `cause` of a timeout.
 *
 * @throws Error with `what` and `timeoutMs`, also when one call of `condition` never settles.
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
        if (answer) return answer as NonNullable<T>; // neither the symbol nor a falsy value
      } catch (error) {
        lastError = error;
      }
      await sleep(everyMs);
    } while (performance.now() < endsAt);
  } finally {
    controller.abort();
  }
  throw new Error(`timed out waiting for ${what} after ${timeoutMs} ms`, { cause: lastError });
}
