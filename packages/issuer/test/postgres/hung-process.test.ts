import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@revocast/denylist/replica';
import { postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, startPostgres, until } from '@revocast/test-support';
import pg from 'pg';
import { FamilyConnection } from '../../src/families/postgres/transaction.ts';
import { PostgresOutbox } from '../../src/postgres/postgres-outbox.ts';

const idleLimitMs = 200;
const target = '00'.repeat(16);
const statement = { kind: 'deny', revocation: { issuer: 'i', session: 's', reason: 'logout' } } as const;

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
  await pool.query('truncate revocast_outbox');
});

function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

describe('a process that stops inside a transaction', () => {
  it('leaves its rows to another process when the limit is over', async () => {
    const options = { pool, table: 'revocast_outbox', listens: false, timeoutMs: 5000, clock: systemClock };
    const hung = new PostgresOutbox({ ...options, idleLimitMs });
    const other = new PostgresOutbox(options);
    await other.add([{ id: 'a', target, statement, occurredAtMs: undefined }]);
    const gate = createGate();
    const holds = createGate();
    const taking = hung.take(1, async () => {
      holds.open();
      await gate.opened;
      return { outcome: 'logged' };
    });
    const lost = expect(taking).rejects.toMatchObject({ code: 'store_unavailable' });
    await holds.opened;
    const taken: string[] = [];
    const take = () =>
      other.take(1, async ({ id }) => {
        taken.push(id);
        return { outcome: 'logged' };
      });
    await until(async () => (await take()) > 0, { what: 'the other process to get the row' });
    expect(taken).toEqual(['a']);
    gate.open();
    await lost;
    await hung.close();
    await other.close();
  });

  it('leaves its families, and the collection, to another process when the limit is over', async () => {
    const connection = new FamilyConnection({ pool, timeoutMs: 5000, clock: systemClock, idleLimitMs });
    const { families } = postgresStore(pool);
    const gate = createGate();
    const holds = createGate();
    const collecting = connection.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock(7224071901)');
      holds.open();
      await gate.opened;
    });
    const lost = expect(collecting).rejects.toMatchObject({ code: 'store_unavailable' });
    await holds.opened;
    const collect = () => families?.collect({ keepEndedMs: 1000, batch: 10 });
    await until(async () => (await collect()) !== undefined, { what: 'the other process to collect' });
    gate.open();
    await lost;
  });
});

describe('a pool without a free connection', () => {
  it('costs no attempt that has succeeded meanwhile', async () => {
    const small = new pg.Pool({ connectionString: server.url, max: 2 });
    small.on('error', () => {});
    const options = { pool: small, table: 'revocast_outbox', listens: false, timeoutMs: 100, clock: systemClock };
    const outbox = new PostgresOutbox(options);
    await outbox.add([{ id: 'a', target, statement, occurredAtMs: undefined }]);
    const gate = createGate();
    let busy: pg.PoolClient | undefined;
    const taking = outbox.take(1, async () => {
      busy = await small.connect();
      await gate.opened;
      return { outcome: 'logged' };
    });
    try {
      // The first statement had no answer within its limit, and stays in the queue of the pool.
      await until(() => small.waitingCount === 2, { what: 'the outbox to ask the pool twice' });
      gate.open();
      expect(await taking).toBe(1);
    } finally {
      busy?.release();
      await outbox.close();
      await small.end();
    }
  });
});
