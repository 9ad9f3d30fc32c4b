import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { FakeClock, type PostgresServer, startPostgres } from '@revocast/test-support';
import pg from 'pg';
import type { AttemptResult, NewOutboxRow, OutboxRow, OutboxStore } from '../../src/outbox/outbox-store.ts';

const day = 86_400_000;

interface Setup {
  readonly outbox: OutboxStore;
  /** The outbox as another process has it. */
  readonly other: OutboxStore;
  /** Lets time pass. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function openMemory(): Promise<Setup> {
  const clock = new FakeClock();
  const { outbox } = memoryStore({ clock });
  return { outbox, other: outbox, advance: async (ms) => void (await clock.advance(ms)), close: async () => {} };
}

async function openPostgres(): Promise<Setup> {
  const pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => {});
  const store = postgresStore(pool);
  await store.migrate();
  await pool.query('truncate revocast_outbox');
  const { outbox: other } = postgresStore(pool);
  return {
    outbox: store.outbox,
    other,
    async advance(ms) {
      const shifted = ['occurred_at', 'reported_at', 'frozen_at', 'next_at', 'logged_at', 'settled_at'].map(
        (column) => `${column} = ${column} - $1 * interval '1 millisecond'`,
      );
      await pool.query(`update revocast_outbox set ${shifted.join(', ')}`, [ms]);
    },
    async close() {
      await store.outbox.close();
      await other.close();
      await pool.end();
    },
  };
}

function rowOf(id: string, target = id): NewOutboxRow {
  const hex = Buffer.from(target).toString('hex').padEnd(32, '0');
  const revocation = { issuer: 'https://login.example.com/', session: id, reason: 'logout' } as const;
  return { id, target: hex, statement: { kind: 'deny', revocation }, occurredAtMs: undefined };
}

const logged: AttemptResult = { outcome: 'logged' };
const failed: AttemptResult = { retryInMs: 1000, isLogged: false, error: 'unavailable' };

/** Takes what is due, and returns the ids. */
async function taken(outbox: OutboxStore, result: AttemptResult = logged, limit = 100): Promise<string[]> {
  const ids: string[] = [];
  await outbox.take(limit, async ({ id }) => {
    ids.push(id);
    return result;
  });
  return ids.sort();
}

describe.each([
  ['in memory', openMemory],
  ['in PostgreSQL', openPostgres],
])('an outbox %s', (_name, open) => {
  let setup: Setup;
  let outbox: OutboxStore;
  beforeEach(async () => {
    setup = await open();
    outbox = setup.outbox;
    await outbox.prepare();
  });
  afterEach(() => setup.close());

  it('hands out a row until it is settled, and never again', async () => {
    await outbox.add([rowOf('a')]);
    expect(await outbox.read(['a'], {})).toEqual(['pending']);
    expect(await taken(outbox)).toEqual(['a']);
    expect(await outbox.read(['a'], {})).toEqual(['logged']);
    expect(await taken(outbox)).toEqual([]);
  });

  it('hands out the statement and the times of a row', async () => {
    await outbox.add([{ ...rowOf('a'), occurredAtMs: 1_700_000_000_123 }]);
    await setup.advance(5000);
    let found: OutboxRow | undefined;
    await outbox.take(1, async (row) => {
      found = row;
      return logged;
    });
    expect(found).toMatchObject({ ...rowOf('a'), occurredAtMs: expect.any(Number), attempts: 0 });
    const { nowMs = 0, frozenAtMs = 0, reportedAtMs = 0 } = found ?? {};
    expect(Math.abs(nowMs - reportedAtMs - 5000)).toBeLessThan(2000);
    expect(Math.abs(frozenAtMs - reportedAtMs)).toBeLessThan(2000);
  });

  it.each([
    ['pending', undefined],
    ['settled', logged],
  ])('does not add a row whose id is known and %s', async (_state, result) => {
    await outbox.add([rowOf('a')]);
    if (result !== undefined) await taken(outbox, result);
    await outbox.add([rowOf('a'), rowOf('b')]);
    expect(await taken(outbox)).toEqual(result === undefined ? ['a', 'b'] : ['b']);
    expect(await taken(outbox)).toEqual([]);
  });

  it('hands out the rows of one target one by one, in the order of their reports', async () => {
    for (const id of ['a', 'b', 'c']) await outbox.add([rowOf(id, 'one')]);
    await outbox.add([rowOf('d', 'two')]);
    expect(await taken(outbox)).toEqual(['a', 'd']);
    expect(await taken(outbox)).toEqual(['b']);
    expect(await taken(outbox)).toEqual(['c']);
  });

  it('hands out no younger row of a target while an older one waits for its next attempt', async () => {
    for (const id of ['a', 'b']) await outbox.add([rowOf(id, 'one')]);
    expect(await taken(outbox, failed)).toEqual(['a']);
    expect(await taken(outbox)).toEqual([]);
    await setup.advance(1001);
    expect(await taken(outbox)).toEqual(['a']);
    expect(await taken(outbox)).toEqual(['b']);
  });

  it('hands out a younger row while an older one is in force and only confirmed again', async () => {
    for (const id of ['a', 'b']) await outbox.add([rowOf(id, 'one')]);
    expect(await taken(outbox, { retryInMs: 1000, isLogged: true, error: 'not_durable' })).toEqual(['a']);
    expect(await outbox.read(['a', 'b'], {})).toEqual(['logged', 'pending']);
    expect(await taken(outbox)).toEqual(['b']);
    await setup.advance(1001);
    expect(await taken(outbox, { outcome: 'not_durable' })).toEqual(['a']);
    expect(await outbox.read(['a'], {})).toEqual(['logged']);
  });

  it('hands out rows of one target that are confirmed again in turn', async () => {
    for (const id of ['a', 'b']) {
      await outbox.add([rowOf(id, 'one')]);
      await taken(outbox, { retryInMs: 1000, isLogged: true, error: 'not_durable' });
    }
    await setup.advance(1001);
    const seen: string[] = [];
    await outbox.take(10, async ({ id }) => {
      seen.push(`begin ${id}`);
      await new Promise(setImmediate);
      seen.push(`end ${id}`);
      return logged;
    });
    expect(seen).toEqual(['begin a', 'end a', 'begin b', 'end b']);
  });

  it('states when a row was first found in force, whatever the attempts after that find', async () => {
    await outbox.add([rowOf('a')]);
    const loggedAgoMs: (number | undefined)[] = [];
    for (const isLogged of [false, true, false, true]) {
      await outbox.take(1, async ({ loggedAtMs, nowMs }) => {
        loggedAgoMs.push(loggedAtMs && Math.round((nowMs - loggedAtMs) / 10_000) * 10_000);
        return { retryInMs: 0, isLogged, error: isLogged ? 'not_durable' : 'unavailable' };
      });
      await setup.advance(60_000);
    }
    expect(loggedAgoMs).toEqual([undefined, undefined, 60_000, 120_000]);
    expect(await outbox.read(['a'], {})).toEqual(['logged']);
  });

  it('counts attempts, and hands out a row again when its time has come or when it is hurried', async () => {
    await outbox.add([rowOf('a')]);
    await taken(outbox, failed);
    expect(await taken(outbox)).toEqual([]);
    await outbox.hurry([]);
    let attempts: number | undefined;
    await outbox.take(1, async (row) => {
      attempts = row.attempts;
      return logged;
    });
    expect(attempts).toBe(1);
  });

  it('hurries no row that failed with a code that is excepted', async () => {
    await outbox.add([rowOf('a')]);
    await taken(outbox, { ...failed, error: 'too_many_broad_rules' });
    await outbox.add([rowOf('b')]);
    await taken(outbox, failed);
    await outbox.hurry(['too_many_broad_rules']);
    expect(await taken(outbox)).toEqual(['b']);
    await outbox.hurry([]);
    expect(await taken(outbox)).toEqual(['a']);
  });

  it('keeps a row pending when its attempt ends with an error', async () => {
    await outbox.add([rowOf('a')]);
    await expect(outbox.take(1, () => Promise.reject(new Error('crash')))).rejects.toThrow();
    expect(await taken(outbox)).toEqual(['a']);
  });

  it('hands out no row, and none of its target, to another process during an attempt', async () => {
    await outbox.add([rowOf('a', 'one')]);
    let seen: string[] | undefined;
    await outbox.take(10, async () => {
      await setup.other.add([rowOf('b', 'one'), rowOf('c', 'two')]);
      seen = await taken(setup.other);
      return logged;
    });
    expect(seen).toEqual(['c']);
    expect(await taken(setup.other)).toEqual(['b']);
  });

  it('hands out at most as many rows as asked for, oldest first', async () => {
    for (const id of ['a', 'b', 'c']) await outbox.add([rowOf(id)]);
    expect(await taken(outbox, logged, 2)).toEqual(['a', 'b']);
    expect(await taken(outbox, logged, 2)).toEqual(['c']);
  });

  it.each(['refused', 'stuck'] as const)('remembers that a row was %s, and hands out the next one', async (outcome) => {
    for (const id of ['a', 'b']) await outbox.add([rowOf(id, 'one')]);
    await taken(outbox, { outcome });
    expect(await outbox.read(['a', 'b', 'x'], {})).toEqual([outcome, 'pending', 'unknown']);
    expect(await taken(outbox)).toEqual(['b']);
  });

  it('counts the rows that are not in force, and the age of the oldest', async () => {
    expect(await outbox.figures()).toEqual({ pending: 0, oldestSeconds: 0 });
    await outbox.add([rowOf('a')]);
    await setup.advance(10_000);
    await outbox.add([rowOf('b'), rowOf('c')]);
    await outbox.take(1, async () => ({ retryInMs: 1, isLogged: true, error: 'not_durable' }));
    await setup.advance(20_000);
    const { pending, oldestSeconds } = await outbox.figures();
    expect({ pending, oldest: Math.round(oldestSeconds / 5) * 5 }).toEqual({ pending: 2, oldest: 20 });
  });

  it('counts the rows that are settled, and those that are not', async () => {
    await outbox.add([rowOf('a'), rowOf('b'), rowOf('c')]);
    await outbox.take(1, async () => ({ outcome: 'logged' }));
    expect(await outbox.countRows()).toEqual({ active: 2, ended: 1 });
  });

  it('deletes no more rows at once than it may', async () => {
    await outbox.add([rowOf('a'), rowOf('b'), rowOf('c')]);
    await outbox.take(10, async () => ({ outcome: 'logged' }));
    await setup.advance(8 * day);
    expect([await outbox.collect(2), await outbox.collect(2), await outbox.collect(2)]).toEqual([2, 1, 0]);
  });

  it('deletes a settled row a week later, and a pending one never', async () => {
    await outbox.add([rowOf('a')]);
    await taken(outbox);
    await outbox.add([rowOf('b')]);
    await setup.advance(7 * day - 60_000);
    expect(await outbox.collect(10)).toBe(0);
    await setup.advance(120_000);
    expect(await outbox.collect(10)).toBe(1);
    expect(await outbox.read(['a', 'b'], {})).toEqual(['unknown', 'pending']);
  });
});
