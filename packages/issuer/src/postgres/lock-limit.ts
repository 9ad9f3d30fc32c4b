/**
 * Ends the wait for a lock in PostgreSQL before its caller gives up: a statement that waits on holds its connection of the pool
 * until the lock is free, and the locks of one user would take all connections.
 *
 * An expression, true, that must be evaluated before the lock is requested. It sets the limit for the transaction of its
 * statement, so that a single statement needs no second one; in a transaction of the caller it must not be used.
 */
export function limitsLockWait(ms: string | number): string {
  return `set_config('lock_timeout', ${ms}::text, true) is not null`;
}

/** The longest wait for a lock of a statement that changes nothing when it fails, and is repeated by the client. */
export const shortLockMs = 500;

/** The longest wait for a lock, for an answer that arrives before the time limit. */
export function lockMsWithin(timeoutMs: number): number {
  return Math.floor(timeoutMs * 0.9);
}
