import { digestOf, digestToHex, statementId, valueOfTarget } from '@revocast/denylist/replica';
import type { FamilySelector } from '../families/family-selector.ts';
import type { OutboxStatement } from './statements.ts';

/** 32 hex digits: the digest of the value that a statement is about, as the log has it. */
export function targetOf(statement: OutboxStatement): string {
  return digestToHex(digestOf(valueOfTarget('target' in statement ? statement.target : statement.revocation)));
}

/**
 * The id of a row, which is also its id in the log: the same event leads to the same row in every process, and to one entry.
 *
 * @param eventId names the event, among those that this issuer reports.
 */
export function rowId(eventId: string, issuer: string, statement: OutboxStatement): string {
  return statementId(['issuer', issuer, eventId, targetOf(statement), statement.kind]);
}

/** The id of an event that ends refresh families: reported again, also with another time, it must not end those opened since. */
export function eventRowId(eventId: string, type: string, which: FamilySelector): string {
  return statementId(['event', eventId, type, JSON.stringify({ ...which, openedBeforeMs: undefined })]);
}

/** The id of the cutoff that a block becomes when it is late. The log may hold the block under the id of the row. */
export function lateRowId(id: string): string {
  return statementId(['late', id]);
}
