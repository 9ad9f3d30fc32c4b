import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Revocation } from '@revocast/denylist';
import { createLifecycle, type Lifecycle } from '@revocast/issuer';
import { type PostgresStore, postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, startPostgres, until } from '@revocast/test-support';
import pg from 'pg';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';

const issuer = 'https://login.example.com/';
const subject = 'alice';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

let pool: pg.Pool;
let tx: pg.PoolClient;
let log: RecordedLog;
let store: PostgresStore;
let lifecycle: Lifecycle;
beforeEach(async () => {
  pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => {});
  store = postgresStore(pool);
  await store.migrate();
  await pool.query('truncate revocast_outbox');
  log = await recordedLog();
  lifecycle = await createLifecycle({ issuer, log, store });
  tx = await pool.connect();
  await tx.query('begin');
});
afterEach(async () => {
  await lifecycle.close();
  await tx.query('rollback');
  tx.release();
  await pool.end();
  await log.close();
});

const rows = async () => (await pool.query('select * from revocast_outbox order by seq')).rows;

/** The worker has looked at the table after everything that was committed before. */
async function workerHasLooked(): Promise<void> {
  await lifecycle.report({ type: 'session_ended', session: `probe-${Math.random()}` });
}

describe('an event that is reported in a transaction', () => {
  it('is not logged before the commit, and is logged after it', async () => {
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx });
    expect(outcome.state).toBe('pending');
    await workerHasLooked();
    expect((await outcome.settled(200)).state).toBe('pending');
    expect(log.written.filter(({ about }) => 'subject' in about)).toEqual([]);
    await tx.query('commit');
    expect((await outcome.settled()).state).toBe('logged');
    expect(log.written.filter(({ about }) => 'subject' in about)).toHaveLength(1);
  });

  it('has what was published, also when the worker was faster than the caller', async () => {
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx });
    await tx.query('commit');
    await until(async () => (await rows())[0]?.settled_at !== null, { what: 'the worker to settle it' });
    const { state, published } = await outcome.settled();
    expect({ state, published: published.length }).toEqual({ state: 'logged', published: 1 });
  });

  it('is logged after the commit although nothing awaits its outcome', async () => {
    await lifecycle.report({ type: 'password_changed', subject }, { tx });
    await tx.query('commit');
    await until(() => log.written.length === 1, { what: 'the worker to log it' });
  });

  it('is not committed after a rollback, and a lift of it lifts nothing', async () => {
    await lifecycle.report({ type: 'user_disabled', subject });
    const outcome = await lifecycle.report({ type: 'user_enabled', subject }, { tx });
    await tx.query('rollback');
    expect((await outcome.settled()).state).toBe('not_committed');
    await workerHasLooked();
    expect(log.written.map(({ kind }) => kind)).toEqual(['revoke', 'revoke']);
  });

  it('is not committed after a rollback to a savepoint before it, although the transaction commits', async () => {
    await tx.query('savepoint before');
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx });
    await tx.query('rollback to savepoint before');
    await tx.query('commit');
    expect((await outcome.settled()).state).toBe('not_committed');
  });

  it('ends the tokens of logins between the report and the commit', async () => {
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx });
    // The row is 10 s old when the transaction is committed.
    await tx.query("update revocast_outbox set reported_at = reported_at - interval '10 s', occurred_at = reported_at");
    await tx.query('commit');
    const committedAt = Math.floor(Date.now() / 1000);
    await outcome.settled();
    expect(cutoffs()).toEqual([expect.any(Number)]);
    expect(cutoffs()[0]).toBeGreaterThanOrEqual(committedAt);
  });

  it('ends no token that is issued more than 60 s after the report', async () => {
    const reportedAt = Math.floor(Date.now() / 1000) - 300;
    await lifecycle.close();
    lifecycle = await createLifecycle({ issuer, log, store, worker: false });
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx });
    await tx.query(`update revocast_outbox set reported_at = to_timestamp(${reportedAt}),
      statement = jsonb_set(statement, '{atLeast}', to_jsonb(${reportedAt}))`);
    await tx.query('commit');
    lifecycle.start();
    await outcome.settled();
    expect(cutoffs()).toEqual([reportedAt + 60 + 1]);
  });

  it('states the same time in every attempt', async () => {
    log.failWith('outcome_unknown');
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx });
    await tx.query('commit');
    expect((await outcome.settled(300)).state).toBe('pending');
    const [first] = await rows();
    await pool.query('update revocast_outbox set next_at = clock_timestamp()');
    log.failWith(undefined);
    expect((await outcome.settled(10_000)).state).toBe('logged');
    const [second] = await rows();
    expect(second.frozen_at).toEqual(first.frozen_at);
  });

  it('is frozen at its commit although the worker waits for a log that does not answer', async () => {
    let release = () => {};
    log.holdUntil(
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    await lifecycle.report({ type: 'session_ended', session: 's' }, { waitMs: 0 });
    await until(() => log.calls() === 1, { what: 'the worker to hold the first row' });
    await lifecycle.report({ type: 'password_changed', subject }, { tx });
    await tx.query('commit');
    try {
      await until(async () => (await rows())[1]?.frozen_at !== null, { what: 'the second row to be frozen' });
      expect(log.written).toEqual([]);
    } finally {
      release();
    }
  });

  it('is refused with a time of its own, which the commit decides', async () => {
    const event = { type: 'password_changed', subject, at: new Date() } as const;
    await expect(lifecycle.report(event, { tx })).rejects.toThrow('event.at: expected none with tx');
  });
});

describe('a crash of the process', () => {
  it('before the commit leaves nothing (2)', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    client.on('error', () => {});
    const { rows: found } = await client.query('select pg_backend_pid() as pid');
    await client.query('begin');
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { tx: client });
    await pool.query('select pg_terminate_backend($1)', [found[0].pid]);
    expect((await outcome.settled()).state).toBe('not_committed');
    expect(await rows()).toEqual([]);
    await client.end().catch(() => {});
  });

  it('between the commit and the log leaves a row, which another process logs (1)', async () => {
    await lifecycle.close();
    const dead = await createLifecycle({ issuer, log, store, worker: false });
    await dead.report({ type: 'password_changed', subject }, { tx });
    await tx.query('commit');
    expect(log.written).toEqual([]);
    lifecycle = await createLifecycle({ issuer, log, store: postgresStore(pool) });
    await until(() => log.written.length === 1, { what: 'the other process to log it' });
  });
});

describe('a settled row', () => {
  it('has nothing that names a person', async () => {
    await lifecycle.report({ type: 'password_changed', subject, by: 'bob', id: 'event-of-alice' });
    await lifecycle.report({ type: 'user_deleted', subject, by: 'bob' });
    // Waits until what was logged is settled.
    await lifecycle.close();
    const settled = await rows();
    // The first event has a row of its own, because it has an id.
    expect(settled.map(({ outcome }) => outcome)).toEqual(['logged', 'logged', 'logged']);
    for (const row of settled)
      expect({ statement: row.statement, target: row.target.length }).toEqual({ statement: null, target: 0 });
    expect(JSON.stringify(settled)).not.toMatch(/alice|bob/);
  });
});

function cutoffs(): (number | undefined)[] {
  return log.written.filter(({ about }) => 'subject' in about).map(({ about }) => (about as Revocation).issuedUpTo);
}
