import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgres } from '@revocast/test-support';
import type pg from 'pg';
import type { TestDatabase } from './use-postgres.ts';

const run = promisify(execFile);
const tables = ['revocast_family', 'revocast_outbox'];

/** A backup of the tables of a store. */
export interface Backup {
  /** Makes the tables what they were. The application goes on meanwhile. */
  restore(): Promise<void>;
}

/**
 * By `pg_dump` where the PostgreSQL that runs has it. The binaries from npm have not: there the server writes the rows to files by
 * COPY, as a dump contains them.
 */
export async function backUp({ url, pool }: Pick<TestDatabase, 'url' | 'pool'>): Promise<Backup> {
  const { folder } = await findPostgres();
  return existsSync(join(folder, 'pg_dump')) ? await dump(url, folder) : await copyTables(pool);
}

async function dump(url: string, folder: string): Promise<Backup> {
  const dir = await mkdtemp(join(tmpdir(), 'revocast-dump-'));
  const file = join(dir, 'dump');
  await run(join(folder, 'pg_dump'), ['--format=custom', `--file=${file}`, url]);
  return {
    async restore() {
      await run(join(folder, 'pg_restore'), ['--clean', '--single-transaction', `--dbname=${url}`, file]);
      await rm(dir, { recursive: true });
    },
  };
}

async function copyTables(pool: pg.Pool): Promise<Backup> {
  const { rows } = await pool.query<{ readonly data_directory: string }>('show data_directory');
  const fileOf = (table: string) => `'${join(rows[0]?.data_directory ?? '', `backup of ${table}`)}'`;
  for (const table of tables) await pool.query(`copy ${table} to ${fileOf(table)}`);
  return {
    async restore() {
      const copies = tables.map((table) => `truncate ${table}; copy ${table} from ${fileOf(table)};`);
      // One message: PostgreSQL runs it as one transaction.
      await pool.query(copies.join(' '));
    },
  };
}
