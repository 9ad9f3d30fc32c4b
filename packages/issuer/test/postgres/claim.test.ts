import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, startPostgres } from '@revocast/test-support';
import pg from 'pg';
import { outboxStatements } from '../../src/postgres/outbox-statements.ts';

// Between the snapshot in which a row is found and the lock of its target, another process can settle it. This interleaving
// happens inside one statement, so the statement after it is tested here, with what it then finds.
const sql = outboxStatements('revocast_outbox', { timeoutMs: 5000 });
let server: PostgresServer;
let pool: pg.Pool;
beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => {});
  await postgresStore(pool).migrate();
});
afterAll(async () => {
  await pool.end();
  await server.stop();
});
beforeEach(async () => {
  await pool.query('truncate revocast_outbox restart identity');
  const statement = { kind: 'lift', target: { issuer: 'i', subject: 's' } };
  for (const id of ['older', 'younger']) {
    const row = { id, target: '00'.repeat(16), statement };
    await pool.query(sql.add, [JSON.stringify([row]), false]);
  }
});

const claim = async () => (await pool.query(sql.claim, [['1', '2']])).rows.map(({ id }) => id);

it('claims the oldest row of a target only', async () => {
  expect(await claim()).toEqual(['older']);
});

it('claims no row that another process has settled meanwhile, but the next one', async () => {
  await pool.query(sql.settle, [JSON.stringify([{ seq: 1, outcome: 'logged', is_logged: false, retry_ms: 0 }])]);
  expect(await claim()).toEqual(['younger']);
});

it('claims no row that another process has tried meanwhile', async () => {
  await pool.query(sql.settle, [
    JSON.stringify([{ seq: 1, error: 'unavailable', is_logged: false, retry_ms: 60_000 }]),
  ]);
  expect(await claim()).toEqual([]);
});
