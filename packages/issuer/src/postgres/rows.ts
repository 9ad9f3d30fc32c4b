import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';
import type { OutboxStatement } from '../events/statements.ts';
import type { OutboxFigures, OutboxRow, RowCounts, RowState } from '../outbox/outbox-store.ts';

/** A row of an answer. Numbers of 64 bits are texts. */
function fieldsOf(row: unknown): JsonObject {
  if (!isJsonObject(row)) throw new TypeError('expected a row of PostgreSQL, found another value');
  return row;
}

/** The only row of an answer. */
export function onlyRow(rows: readonly unknown[]): JsonObject {
  return fieldsOf(rows[0]);
}

/** A pending row with its place in the table. */
export function readPending(row: unknown): { readonly seq: string; readonly row: OutboxRow } {
  const fields = fieldsOf(row);
  return {
    seq: String(fields['seq']),
    row: {
      id: String(fields['id']),
      target: String(fields['target']),
      // Written by `add` of this version, or of another one, whose kinds may be unknown. A text, because the caller may have set
      // another parser for JSON.
      statement: JSON.parse(String(fields['statement'])) as OutboxStatement,
      occurredAtMs: Number(fields['occurred_ms']),
      reportedAtMs: Number(fields['reported_ms']),
      frozenAtMs: Number(fields['frozen_ms']),
      loggedAtMs: fields['logged_ms'] === null ? undefined : Number(fields['logged_ms']),
      attempts: Number(fields['attempts']),
      nowMs: Number(fields['now_ms']),
    },
  };
}

export function readStates(rows: readonly unknown[]): ReadonlyMap<string, RowState> {
  return new Map(rows.map((row) => [String(fieldsOf(row)['id']), stateOf(fieldsOf(row))]));
}

function stateOf({ outcome, is_logged: isLogged }: JsonObject): RowState {
  if (outcome === 'refused' || outcome === 'stuck') return outcome;
  return outcome === 'logged' || outcome === 'not_durable' || isLogged === true ? 'logged' : 'pending';
}

export function readFigures(rows: readonly unknown[]): OutboxFigures {
  const { pending, oldest_seconds: oldest } = onlyRow(rows);
  return { pending: Number(pending), oldestSeconds: Math.max(0, Number(oldest ?? 0)) };
}

export function readRowCounts(rows: readonly unknown[]): RowCounts {
  const { active, ended } = onlyRow(rows);
  return { active: Number(active), ended: Number(ended) };
}

/** The rows of an event. */
export function readRowIds(rows: readonly unknown[]): readonly string[] {
  const { row_ids: ids } = onlyRow(rows);
  return Array.isArray(ids) ? ids.map(String) : [];
}
