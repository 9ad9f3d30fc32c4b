import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@revocast/denylist/replica';
import pg from 'pg';
import { PostgresFamilies } from '../../src/families/postgres/postgres-families.ts';
import { familyStatements } from '../../src/families/postgres/statements.ts';
import { usePostgres } from '../postgres/use-postgres.ts';
import { waitsForLock } from '../postgres/waits-for-lock.ts';
import { describeFamilyStore } from './family-store-contract.ts';

const table = 'revocast_family';
const sql = familyStatements(table, { refreshMs: 500, openMs: 4500 });
const database = usePostgres({ max: 20 });

const familiesIn = (given: pg.Pool) =>
  new PostgresFamilies({ pool: given, table, timeoutMs: 5000, clock: systemClock });

const times = [
  'opened_at',
  'rotated_at',
  'replaced_at',
  'grace_until',
  'idle_until',
  'absolute_until',
  'access_until',
  'ended_at',
];
const back = times.map((column) => `${column} = ${column} - $2::float8 * interval '1 millisecond'`).join(', ');

describeFamilyStore('the families in PostgreSQL', async () => {
  await database.pool.query('truncate revocast_family');
  return {
    store: familiesIn(database.pool),
    age: async ({ id }, ms) => {
      await database.pool.query(`update revocast_family set ${back} where id = $1`, [id, ms]);
    },
  };
});

describe('the statements of a refresh', () => {
  beforeAll(async () => {
    await database.pool.query('truncate revocast_family');
    await database.pool.query(`
      insert into revocast_family (id, grant_id, issuer, client_id, subject, generation, current, key_no, opened_at,
        idle_until, absolute_until, access_until)
      select decode(md5(n::text), 'hex'), n::text, 'i', 'c', 's', 0, '\\x00', 1, now(), now(), now(), now()
      from generate_series(1, 20000) as n`);
    await database.pool.query('analyze revocast_family');
  }, 60_000);

  const id = Buffer.alloc(16);
  const statements: [string, string, unknown[]][] = [
    ['rotate', sql.rotate, [id, 0, id, 'c', null, 1, id, id, 1, 1, 1, 'i']],
    ['rotate of a new client', sql.rotate, [id, 0, id, 'new', null, 1, id, id, 1, 1, 1, 'i']],
    ['retry', sql.retry, [id, 0, id, 'c', null, 1, 20, 'i']],
    ['retry of a new client', sql.retry, [id, 0, id, 'new', null, 1, 20, 'i']],
    ['read', sql.read, [id, 'i']],
    ['end one', sql.endOne, [id, 'refresh_reuse']],
  ];
  it.each(statements)('find the row by its primary key only: %s', async (_, text, values) => {
    const { rows } = await database.pool.query(`explain ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Index Scan using revocast_family_pkey');
    expect(plan).not.toMatch(/Seq Scan|revocast_family_(?!pkey)/);
  });

  const collections: [string, string, unknown[], string][] = [
    ['what has expired', sql.collectExpired, [1000], 'revocast_family_due'],
    ['what ended long ago', sql.collectEnded, [1000, 1000], 'revocast_family_ended'],
  ];
  it.each(collections)('collect by an index: %s', async (_, text, values, index) => {
    await database.pool.query(`update revocast_family set idle_until = now() + interval '1 day', absolute_until = now() +
      interval '1 day' where grant_id::int % 100 > 0`);
    await database.pool.query('analyze revocast_family');
    const { rows } = await database.pool.query(`explain ${text}`, values);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index);
  });
});

describe('a transaction of the caller', () => {
  const family = {
    id: new Uint8Array(16).fill(9),
    grant: 'in-a-transaction',
    issuer: 'i',
    client: 'c',
    subject: 'in-a-transaction',
    hash: new Uint8Array(32),
    keyId: 1,
    idleMs: 60_000,
    absoluteMs: 60_000,
    accessMs: 60_000,
  };

  it('ends families only when it is committed', async () => {
    const store = familiesIn(database.pool);
    await store.open(family);
    const alive = async () => (await store.list({ issuer: 'i', subject: 'in-a-transaction' })).length;
    const tx = await database.pool.connect();
    try {
      await tx.query('begin');
      let notedIn: unknown;
      const options = {
        tx,
        note: async (_: unknown, given: unknown) => {
          notedIn = given;
        },
      };
      const which = { issuer: 'i', subject: 'in-a-transaction' };
      expect((await store.end(which, { reason: 'admin' }, options)).count).toBe(1);
      expect(notedIn).toBe(tx);
      expect(await alive()).toBe(1);
      await tx.query('rollback');
      expect(await alive()).toBe(1);
      await tx.query('begin');
      await store.end(which, { reason: 'admin' }, options);
      await tx.query('commit');
      expect(await alive()).toBe(0);
    } finally {
      tx.release();
    }
  });

  it.each([
    ['subject', { issuer: 'i', subject: 'being-opened' }],
    ['client', { issuer: 'i', client: 'c-being-opened' }],
    ['session', { issuer: 'i', session: 's-being-opened' }],
    ['subject, without a session', { issuer: 'i', subject: 'being-opened' }],
    ['client, without a session', { issuer: 'i', client: 'c-being-opened' }],
  ])('ends a family that is being opened, by its %s', async (by, which) => {
    const store = familiesIn(database.pool);
    const other = await database.pool.connect();
    try {
      await other.query('begin');
      const id = randomBytes(16);
      await other.query(sql.open, [
        ...[id, id.toString('hex'), 'i', 'c-being-opened', 'being-opened'],
        ...[by.endsWith('without a session') ? null : 's-being-opened', null, null, id, 1],
        ...[60_000, 60_000, 60_000],
      ]);
      const ended = store.end(which, { reason: 'admin' }, { note: async () => {}, waitForOpening: true });
      await waitsForLock(database.pool);
      await other.query('commit');
      expect((await ended).grants).toEqual([id.toString('hex')]);
    } finally {
      other.release();
    }
  });

  it('leaves the collection to one process at a time', async () => {
    const store = familiesIn(database.pool);
    const other = await database.pool.connect();
    try {
      await other.query('begin');
      await other.query(sql.lockCollector);
      expect(await store.collect({ keepEndedMs: 1000, batch: 10 })).toBeUndefined();
      await other.query('commit');
      expect(await store.collect({ keepEndedMs: 1000, batch: 10 })).toBeDefined();
    } finally {
      other.release();
    }
  });
});

describe('a database that does not answer', () => {
  it('is reported as such, without its address', async () => {
    const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1, user: 'u', password: 'secret', max: 1 });
    const store = familiesIn(nowhere);
    await expect(store.list({ issuer: 'i', subject: 's' })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'store_unavailable',
      message: expect.not.stringMatching(/127|secret/),
    });
    await nowhere.end();
  });
});
