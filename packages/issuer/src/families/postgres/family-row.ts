import type { EndReason, Family } from '../family.ts';

/** A row as `pg` reads it. */
interface Row {
  readonly [column: string]: unknown;
}

/** The rows come from our own statements, so their types are those of the table. */
export function familyOf(row: unknown): Family {
  const {
    grant_id,
    client_id,
    session_id,
    key_no,
    retried_generations,
    opened_at,
    rotated_at,
    grace_until,
    idle_until,
    absolute_until,
    access_until,
    ended_at,
    end_reason,
    end_by,
    ...same
  } = row as Row;
  return {
    id: bytesOf(same['id']),
    grant: grant_id as string,
    issuer: same['issuer'] as string,
    client: client_id as string,
    subject: same['subject'] as string,
    session: optional(session_id as string | null),
    binding: optional(same['binding'] as string | null),
    data: optional(same['data']),
    generation: same['generation'] as number,
    current: bytesOf(same['current']),
    previous: optionalBytes(same['previous']),
    salt: optionalBytes(same['salt']),
    keyId: key_no as number,
    retries: same['retries'] as number,
    retriedGenerations: retried_generations as number,
    openedAtMs: opened_at as number,
    rotatedAtMs: optional(rotated_at as number | null),
    graceUntilMs: optional(grace_until as number | null),
    idleUntilMs: idle_until as number,
    absoluteUntilMs: absolute_until as number,
    accessUntilMs: access_until as number,
    ended:
      ended_at === null
        ? undefined
        : { atMs: ended_at as number, reason: end_reason as EndReason, by: optional(end_by as string | null) },
  };
}

/** A column with a number, of a row from one of our statements. */
export function numberOf(row: unknown, column: string): number {
  const value = (row as Row)[column];
  if (typeof value === 'number') return value;
  throw new TypeError(`expected a number in the column ${column}, found a value of type ${typeof value}`);
}

function optional<Value>(value: Value | null): Value | undefined {
  return value ?? undefined;
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  throw new TypeError(`expected bytes in a row of revocast_family, found a value of type ${typeof value}`);
}

function optionalBytes(value: unknown): Uint8Array | undefined {
  return value === null ? undefined : bytesOf(value);
}
