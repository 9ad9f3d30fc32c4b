import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, startPostgres, startTcpProxy, type TcpProxy, until } from '@revocast/test-support';
import pg from 'pg';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';

const issuer = 'https://login.example.com/';
const subject = 'alice';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

let proxy: TcpProxy;
let pool: pg.Pool;
let direct: pg.Pool;
let log: RecordedLog;
beforeEach(async () => {
  proxy = await startTcpProxy({ target: server });
  const url = new URL(server.url);
  url.port = String(proxy.port);
  pool = new pg.Pool({ connectionString: url.href });
  pool.on('error', () => {});
  direct = new pg.Pool({ connectionString: server.url });
  direct.on('error', () => {});
  log = await recordedLog();
});
afterEach(async () => {
  await pool.end();
  await direct.end();
  await proxy.close();
  await log.close();
});

// Without a listener the process would end. Jest fails the test for an error that nothing catches.
it('makes the report reject whose transaction is lost, and nothing else', async () => {
  const store = postgresStore(pool);
  await store.migrate();
  const lifecycle = await createLifecycle({ issuer, log, store });
  const secret = new Uint8Array(32).map((_, index) => index * 7);
  await lifecycle.families({ keys: [{ id: 1, secret }] }).open({ subject, client: 'shop', accessSeconds: 900 });
  const blocker = await direct.connect();
  try {
    await blocker.query('begin');
    await blocker.query('select 1 from revocast_family for update');
    const report = lifecycle.report({ type: 'password_changed', subject });
    const rejected = expect(report).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' });
    const waiting = 'select 1 from pg_stat_activity where wait_event_type = $1';
    await until(async () => (await direct.query(waiting, ['Lock'])).rows.length > 0, { what: 'the report to wait' });
    proxy.reset();
    await rejected;
    await blocker.query('rollback');
    expect((await lifecycle.report({ type: 'password_changed', subject }, { waitMs: 10_000 })).state).toBe('logged');
  } finally {
    blocker.release();
    await lifecycle.close();
  }
});
