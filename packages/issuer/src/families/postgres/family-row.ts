import type { EndReason, Family } from '../family.ts';

/** A row of one of our statements, as `pg` reads it: times are Unix milliseconds. */
export interface FamilyRow {
  readonly id: Uint8Array;
  readonly grant_id: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly subject: string;
  readonly session_id: string | null;
  readonly binding: string | null;
  readonly data: unknown;
  readonly generation: number;
  readonly current: Uint8Array;
  readonly previous: Uint8Array | null;
  readonly salt: Uint8Array | null;
  readonly key_no: number;
  readonly retries: number;
  readonly retried_generations: number;
  readonly opened_at: number;
  readonly rotated_at: number | null;
  readonly replaced_at: number | null;
  readonly grace_until: number | null;
  readonly idle_until: number;
  readonly absolute_until: number;
  readonly access_until: number;
  readonly ended_at: number | null;
  readonly end_reason: string | null;
  readonly end_by: string | null;
  /** When the statement ran, where it says so. */
  readonly now?: number;
}

/** The types of a row are those of the statement that has read it. */
export function rowOf<Row = FamilyRow>(row: unknown): Row {
  if (typeof row !== 'object' || row === null) throw new TypeError('expected a row of PostgreSQL, found none');
  return row as Row;
}

export function familyOf(row: FamilyRow): Family {
  return {
    id: Uint8Array.from(row.id),
    grant: row.grant_id,
    issuer: row.issuer,
    client: row.client_id,
    subject: row.subject,
    session: row.session_id ?? undefined,
    binding: row.binding ?? undefined,
    data: row.data ?? undefined,
    generation: row.generation,
    current: Uint8Array.from(row.current),
    previous: row.previous === null ? undefined : Uint8Array.from(row.previous),
    salt: row.salt === null ? undefined : Uint8Array.from(row.salt),
    keyId: row.key_no,
    retries: row.retries,
    retriedGenerations: row.retried_generations,
    openedAtMs: row.opened_at,
    rotatedAtMs: row.rotated_at ?? undefined,
    graceUntilMs: row.grace_until ?? undefined,
    idleUntilMs: row.idle_until,
    absoluteUntilMs: row.absolute_until,
    accessUntilMs: row.access_until,
    ended: endOf(row),
  };
}

function endOf({ ended_at: atMs, end_reason: reason, end_by: by }: FamilyRow): Family['ended'] {
  // Only our statements write the reason.
  return atMs === null ? undefined : { atMs, reason: reason as EndReason, by: by ?? undefined };
}
