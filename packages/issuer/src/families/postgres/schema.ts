/** The table and its indexes. Each statement can be run again. */
export const familySchema = `
create table if not exists revocast_family (
  id bytea primary key, grant_id text unique not null, issuer text not null, client_id text not null,
  subject text not null, session_id text, binding text, data json,
  generation int not null, current bytea not null, previous bytea, salt bytea, key_no smallint not null,
  retries smallint not null default 0, retried_generations smallint not null default 0,
  opened_at timestamptz not null, rotated_at timestamptz, replaced_at timestamptz, grace_until timestamptz,
  idle_until timestamptz not null, absolute_until timestamptz not null, access_until timestamptz not null,
  ended_at timestamptz, end_reason text, end_by text
);
create index if not exists revocast_family_subject on revocast_family (subject);
create index if not exists revocast_family_session on revocast_family (session_id) where ended_at is null;
create index if not exists revocast_family_client on revocast_family (client_id) where ended_at is null;
create index if not exists revocast_family_access on revocast_family (access_until) where ended_at is null;
create index if not exists revocast_family_due on revocast_family (least(idle_until, absolute_until)) where ended_at is null;
create index if not exists revocast_family_ended on revocast_family (ended_at) where ended_at is not null;
`;

/** The columns of a row, with times as Unix milliseconds. */
export const familyColumns = `
  id, grant_id, issuer, client_id, subject, session_id, binding, data, generation, current, previous, salt, key_no,
  retries, retried_generations, ${['opened_at', 'rotated_at', 'replaced_at', 'grace_until', 'idle_until']
    .concat(['absolute_until', 'access_until', 'ended_at'])
    .map((column) => `${milliseconds(column)} as ${column}`)
    .join(', ')}, end_reason, end_by`;

/** @param time an SQL expression. */
export function milliseconds(time: string): string {
  return `floor(extract(epoch from ${time}) * 1000)::float8`;
}

/** @param parameter for example `$1`: a number of milliseconds. */
export function interval(parameter: string): string {
  return `${parameter}::float8 * interval '1 millisecond'`;
}
