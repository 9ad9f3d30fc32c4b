import { createHash } from 'node:crypto';
import type { RevocationTarget } from '@revocast/denylist';
import { type DimensionValue, digestOf, digestToHex } from '@revocast/denylist/replica';
import type { FamilySelector } from '../families/family-selector.ts';
import type { OutboxStatement } from './statements.ts';

/** 32 hex digits: the digest of the value that a statement is about, as the log has it. */
export function targetOf(statement: OutboxStatement): string {
  return digestToHex(digestOf(dimensionValueOf('target' in statement ? statement.target : statement.revocation)));
}

/**
 * The id of a row, which is also its id in the log: the same event leads to the same row in every process, and to one entry.
 *
 * @param eventId names the event, among those that this issuer reports.
 */
export function rowId(eventId: string, issuer: string, statement: OutboxStatement): string {
  return idOf(['issuer', issuer, eventId, targetOf(statement), statement.kind]);
}

/** The id of an event that ends refresh families: reported again, also with another time, it must not end those opened since. */
export function eventRowId(eventId: string, type: string, which: FamilySelector): string {
  return idOf(['event', eventId, type, JSON.stringify({ ...which, openedBeforeMs: undefined })]);
}

/** The id of the cutoff that a block becomes when it is late. The log may hold the block under the id of the row. */
export function lateRowId(id: string): string {
  return idOf(['late', id]);
}

function idOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function dimensionValueOf(target: RevocationTarget): DimensionValue {
  const { issuer } = target;
  if ('subject' in target) {
    const { subject, client } = target;
    return client === undefined
      ? { dimension: 'subject', issuer, value: subject }
      : { dimension: 'subject_client', issuer, value: [subject, client] };
  }
  if ('session' in target) return { dimension: 'session', issuer, value: target.session };
  if ('grant' in target) return { dimension: 'grant', issuer, value: target.grant };
  if ('token' in target) return { dimension: 'token', issuer, value: target.token };
  if ('client' in target) return { dimension: 'client', issuer, value: target.client };
  if ('tenant' in target) return { dimension: 'tenant', issuer, value: target.tenant };
  if ('key' in target) return { dimension: 'key', issuer, value: target.key };
  return { dimension: 'issuer', issuer, value: issuer };
}
