import type { Clock } from './clock.ts';

export interface TimeLimit<Late> {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly timeoutMs: number;
  /** The result when the time is up. */
  readonly late: Late;
  /** The process must not end before the time is up; default false. As in {@link Clock}. */
  readonly keepAlive?: boolean;
}

/**
 * Waits for a promise, but no longer than a limit, so that a promise that never settles cannot block a request. Rejects
 * when the promise rejects. Leaves no timer behind.
 */
export async function withTimeout<Value, Late>(
  promised: Promise<Value>,
  { clock, timeoutMs, late, keepAlive }: TimeLimit<Late>,
): Promise<Value | Late> {
  const settled = new AbortController();
  try {
    return await Promise.race([promised, clock.sleep(timeoutMs, settled.signal, keepAlive).then(() => late)]);
  } finally {
    // With a reason: without one, Node creates an error with its stack trace.
    settled.abort('settled');
  }
}
