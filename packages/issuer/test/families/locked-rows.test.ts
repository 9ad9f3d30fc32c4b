import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createLifecycle, type Families, type Lifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { until } from '@revocast/test-support';
import pg from 'pg';
import { usePostgres } from '../postgres/use-postgres.ts';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';
import { secretOf } from './keys-of-test.ts';

const issuer = 'https://login.example.com/';
const use = { client: 'shop', accessSeconds: 900 };
const event = { type: 'password_changed', subject: 'mallory', id: 'event-1' } as const;

/** As in the default of `pg`, so that one account could use it up. */
const database = usePostgres({ max: 10 });
let log: RecordedLog;
let lifecycle: Lifecycle;
let families: Families;
/** A transaction of the caller that keeps the rows of mallory locked. */
let caller: pg.Client;

beforeAll(async () => {
  log = await recordedLog();
  lifecycle = await createLifecycle({
    issuer,
    log,
    store: postgresStore(database.pool, { timeoutMs: 2000, listen: false }),
    worker: false,
  });
  families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
});
afterAll(async () => {
  await lifecycle?.close();
  await log?.close();
});
beforeEach(async () => {
  await database.pool.query('truncate revocast_family, revocast_outbox');
  caller = new pg.Client({ connectionString: database.url });
  caller.on('error', () => {});
  await caller.connect();
  await caller.query('begin');
});
afterEach(async () => {
  await caller.query('rollback');
  await caller.end();
});

const open = async (subject: string) => (await families.open({ subject, ...use })).refreshToken;
/** Sessions that wait in the server, seen by a connection outside the pool. */
const waiting = async () =>
  (await caller.query("select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'")).rows[0]?.n;

it('one family whose rows stay locked holds one connection, and other users are served', async () => {
  const [mine, honest] = [await open('mallory'), await open('honest')];
  await lifecycle.report(event, { tx: caller });
  const refused = Promise.all(Array.from({ length: 120 }, () => families.present(mine, use)));
  expect((await families.present(honest, use)).outcome).toBe('rotated');
  expect(database.pool.waitingCount).toBe(0);
  expect(await waiting()).toBeLessThanOrEqual(1);
  const answers = new Set((await refused).map((answer) => JSON.stringify(answer)));
  expect(answers.size).toBe(1);
  expect((await refused)[0]).toMatchObject({ ok: false, outcome: 'store_unavailable', status: 503 });
  expect(await waiting()).toBe(0);
});

it('the client keeps its token while the rows are locked: it is current after a rollback', async () => {
  const mine = await open('mallory');
  await lifecycle.report(event, { tx: caller });
  expect(await families.present(mine, use)).toMatchObject({
    outcome: 'store_unavailable',
    status: 503,
    retryAfterSeconds: 1,
  });
  await caller.query('rollback');
  expect(await outcomeAfterLock(mine)).toBe('rotated');
});

/** The first outcome that is not a refusal because of the lock. */
async function outcomeAfterLock(token: string): Promise<string> {
  const presented = async () => {
    const { outcome } = await families.present(token, use);
    return outcome === 'store_unavailable' ? undefined : outcome;
  };
  return await until(presented, { what: 'a refresh after the lock' });
}

it('many families of one account leave no statement that waits after their answers', async () => {
  const mine = await Promise.all(Array.from({ length: 20 }, () => open('mallory')));
  const honest = await open('honest');
  await lifecycle.report(event, { tx: caller });
  const refused = Promise.all(mine.map((token) => families.present(token, use)));
  expect((await families.present(honest, use)).outcome).toBe('rotated');
  expect((await refused).map(({ outcome }) => outcome)).toEqual(Array(20).fill('store_unavailable'));
  expect(await waiting()).toBe(0);
});

it('a replay of a spent token is refused while the rows are locked, and ends the family after it', async () => {
  const first = await open('mallory');
  const second = await families.present(first, use);
  if (!second.ok) throw new Error(`expected a token, found ${second.outcome}`);
  await families.present(second.refreshToken, use);
  await lifecycle.report(event, { tx: caller });
  expect((await families.present(first, use)).outcome).toBe('store_unavailable');
  expect(await waiting()).toBe(0);
  await caller.query('rollback');
  expect(await outcomeAfterLock(first)).toBe('replayed');
});

it.each([
  ['an event of the same user', { type: 'session_ended', session: 'sid' }],
  ['the same event again', event],
  ['an event of the client', { type: 'client_compromised', client: 'shop' }],
] as const)('leaves no statement that waits after the error of %s', async (_, other) => {
  await families.open({ subject: 'mallory', session: 'sid', ...use });
  await lifecycle.report(event, { tx: caller });
  await expect(lifecycle.report(other)).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' });
  expect(await waiting()).toBe(0);
});

it('leaves no statement that waits after the error of a sign-in whose client is being ended', async () => {
  await caller.query(`select pg_advisory_xact_lock(${0x52_65_76_66}, hashtext('shop'))`);
  await expect(open('mallory')).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' });
  expect(await waiting()).toBe(0);
});

it('leaves no statement that waits after the error of an event that another transaction has noted', async () => {
  const again = { type: 'token_revoked', token: 'jti-1', id: 'event-2' } as const;
  await lifecycle.report(again, { tx: caller });
  await expect(lifecycle.report(again)).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' });
  expect(await waiting()).toBe(0);
});

it('limits the wait in the statement of the refresh, and leaves no limit in its session', async () => {
  const single = new pg.Pool({ connectionString: database.url, max: 1 });
  single.on('error', () => {});
  const texts: string[] = [];
  const counted = {
    connect: () => single.connect(),
    query: (text: string, values?: unknown[]) => {
      texts.push(text);
      return single.query(text, values);
    },
  };
  const other = await createLifecycle({ issuer, log, store: postgresStore(counted, { listen: false }), worker: false });
  try {
    const ofOther = other.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
    const { refreshToken } = await ofOther.open({ subject: 'alice', ...use });
    texts.length = 0;
    expect((await ofOther.present(refreshToken, use)).outcome).toBe('rotated');
    expect(texts).toEqual([expect.stringMatching(/^update revocast_family[^;]*lock_timeout[^;]*$/)]);
    expect((await single.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
  } finally {
    await other.close();
    await single.end();
  }
});
