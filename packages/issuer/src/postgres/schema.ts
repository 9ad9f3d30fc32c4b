import { ConfigurationError } from '@revocast/denylist';

/** The first 32 bits of a lock of PostgreSQL, for the targets of the outbox. */
export const lockSpace = 0x52_65_76_6f;
export const channel = 'revocast_outbox';

/** The name of a table, with its schema if one is given. @throws ConfigurationError */
export function tableIn(schema: string | undefined, name: string): string {
  if (schema === undefined) return name;
  if (typeof schema !== 'string' || !/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new ConfigurationError(
      'schema',
      'expected 1–63 lower-case letters, digits and _, not beginning with a digit',
    );
  }
  return `"${schema}".${name}`;
}

/** The statements that make the table. They change nothing that is there. */
export function outboxSchema(table: string): string {
  return `create table if not exists ${table} (
  seq bigint generated always as identity primary key,
  id text not null unique,              -- derived from the event: the same event is one row
  target bytea not null,                -- digest of the revoked value; empty once settled
  statement jsonb,                      -- names the value; null once settled
  occurred_at timestamptz not null,
  reported_at timestamptz not null,
  frozen_at timestamptz,                -- first read as committed: a cutoff ends here, however late it is logged
  attempts int not null default 0,
  next_at timestamptz not null,
  logged_at timestamptz,                -- first found in force, on too few copies
  error text,                           -- code of the last failure
  settled_at timestamptz,
  outcome text,
  row_ids text[]                        -- of an event that ended refresh families: its rows. Such a row is settled at once
);
create index if not exists revocast_outbox_due on ${table} (next_at, seq) where settled_at is null;
create index if not exists revocast_outbox_target on ${table} (target, seq) where settled_at is null;
create index if not exists revocast_outbox_settled on ${table} (settled_at) where settled_at is not null;
`;
}
