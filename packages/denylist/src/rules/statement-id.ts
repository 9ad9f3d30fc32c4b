import { createHash } from 'node:crypto';

/**
 * The log knows an id for a day. A block that is repeated later could deny a user again who was enabled meanwhile by another
 * way, and a lift could enable a user who was disabled meanwhile. So a statement older than this is no longer a block or a lift.
 */
export const lateAfterMs = 20 * 3_600_000;

/** An id for the log that depends on its parts only: the same event leads to one entry, in every process. 43 characters. */
export function statementId(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
