import type { LiftTarget, Revocation } from '@revocast/denylist';
import { lateAfterMs } from '@revocast/denylist/replica';
import { lateRowId } from '../events/row-id.ts';
import type { OutboxRow } from './outbox-store.ts';

/** What to write to the log for a row. */
export type Publication =
  | { readonly kind: 'revoke'; readonly id: string; readonly revocation: Revocation; readonly isLate: boolean }
  | { readonly kind: 'lift'; readonly id: string; readonly target: LiftTarget & { readonly actor?: string } }
  /** Nothing is written: the families have ended. */
  | { readonly kind: 'none' }
  /** Too late for a lift: nothing is written. */
  | { readonly kind: 'drop' }
  /** A later version of this package has added the row: one of its processes writes it. */
  | { readonly kind: 'unknown' };

/** @param spreadSeconds by which the clocks of the processes that stamp `iat` may differ. */
export function publicationOf(row: OutboxRow, spreadSeconds: number): Publication {
  const { id, statement } = row;
  const isLate = row.nowMs - row.occurredAtMs > lateAfterMs;
  switch (statement.kind) {
    case 'lift':
      return isLate ? { kind: 'drop' } : { kind: 'lift', id, target: statement.target };
    case 'end':
      return { kind: 'none' };
    case 'deny':
      return { kind: 'revoke', id, revocation: statement.revocation, isLate: false };
    case 'block': {
      if (!isLate) return { kind: 'revoke', id, revocation: statement.revocation, isLate };
      const { block: _block, expiresAt: _expiresAt, ...about } = statement.revocation;
      const issuedUpTo = secondsOf(row.frozenAtMs) + spreadSeconds;
      return { kind: 'revoke', id: lateRowId(id), revocation: { ...about, issuedUpTo }, isLate };
    }
    case 'cutoff': {
      const { revocation, atLeast, exactly = Math.max(secondsOf(row.frozenAtMs), atLeast) } = statement;
      return { kind: 'revoke', id, revocation: { ...revocation, issuedUpTo: exactly + spreadSeconds }, isLate: false };
    }
    default:
      return { kind: 'unknown' };
  }
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1000);
}
