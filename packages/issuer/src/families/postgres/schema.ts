/** The statements that make the table. They change nothing that is there. */
export function familySchema(table: string): string {
  return `create table if not exists ${table} (
  id bytea primary key,
  grant_id text not null unique,        -- the claim grant_id of every access token
  issuer text not null,
  client_id text not null,
  subject text not null,                -- empty once the person was deleted
  session_id text,
  binding text,                         -- the key that every refresh must prove; null: bearer
  data json,                            -- of the application, as it was given
  generation int not null,
  current bytea not null,               -- SHA-256 of a secret
  previous bytea,
  salt bytea,                           -- from which the current token is derived again, for a repeated request
  key_no smallint not null,
  retries smallint not null default 0,
  retried_generations smallint not null default 0,
  opened_at timestamptz not null,
  rotated_at timestamptz,
  replaced_at timestamptz,              -- when the access token was made that the last rotation replaced
  grace_until timestamptz,
  idle_until timestamptz not null,
  absolute_until timestamptz not null,
  access_until timestamptz not null,    -- the newest access token
  ended_at timestamptz,
  end_reason text,
  end_by text
);
create index if not exists revocast_family_subject on ${table} (subject);
create index if not exists revocast_family_session on ${table} (session_id) where ended_at is null;
create index if not exists revocast_family_client on ${table} (client_id) where ended_at is null;
create index if not exists revocast_family_access on ${table} (access_until) where ended_at is null;
create index if not exists revocast_family_due on ${table} (least(idle_until, absolute_until)) where ended_at is null;
create index if not exists revocast_family_ended on ${table} (ended_at) where ended_at is not null;
`;
}
