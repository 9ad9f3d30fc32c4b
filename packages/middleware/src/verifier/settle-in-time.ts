import type { Clock } from '@revocast/denylist/replica';

export interface TimeLimit<Late> {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly timeoutMs: number;
  /** What is said instead, when time is up. */
  readonly late: Late;
}

/**
 * Waits for what somebody else's code promises, and not for longer than a limit: a promise that never settles must hang
 * no request. Rejects as the promise does; leaves no timer behind.
 */
export async function withTimeout<Value, Late>(
  promised: Promise<Value>,
  { clock, timeoutMs, late }: TimeLimit<Late>,
): Promise<Value | Late> {
  const settled = new AbortController();
  try {
    return await Promise.race([promised, clock.sleep(timeoutMs, settled.signal).then(() => late)]);
  } finally {
    settled.abort();
  }
}
