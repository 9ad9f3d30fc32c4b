import { postgresStore } from '@revocast/issuer/postgres';
import type { Pool } from 'pg';

export const issuer = 'https://chaos.example.com/';
/** More than are ended in one run. */
const sessionCount = 50_000;
const accountCount = 200;

/** The database of an authorization server: the users who are signed in, and how often each account changed its password. */
export async function createAccounts(pool: Pool): Promise<void> {
  await postgresStore(pool).migrate();
  await pool.query(`
    create table session (id text primary key);
    create table account (subject text primary key, changes int not null default 0);
    insert into session select 'session-' || n from generate_series(1, ${sessionCount}) n;
    insert into account select 'account-' || n from generate_series(1, ${accountCount}) n;
  `);
}

/** What the database says has happened. */
export interface Truth {
  readonly endedSessions: readonly string[];
  readonly openSessions: readonly string[];
  readonly changedAccounts: readonly string[];
  readonly unchangedAccounts: readonly string[];
}

export async function readTruth(pool: Pool): Promise<Truth> {
  const open = new Set((await idsOf(pool, 'select id from session')).values());
  const all = Array.from({ length: sessionCount }, (_, index) => `session-${index + 1}`);
  return {
    endedSessions: all.filter((id) => !open.has(id)),
    openSessions: [...open],
    changedAccounts: await idsOf(pool, 'select subject as id from account where changes > 0'),
    unchangedAccounts: await idsOf(pool, 'select subject as id from account where changes = 0'),
  };
}

async function idsOf(pool: Pool, text: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(text);
  return rows.map(({ id }) => id);
}
