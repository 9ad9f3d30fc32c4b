import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  createLifecycle,
  type Families,
  type Lifecycle,
  type Opened,
  type Refused,
  StoreError,
} from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { usePostgres } from '../postgres/use-postgres.ts';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';
import { secretOf } from './keys-of-test.ts';

const issuer = 'https://login.example.com/';
const use = { client: 'shop', accessSeconds: 900 };

const database = usePostgres();
let log: RecordedLog;
let lifecycle: Lifecycle;
let families: Families;

/** Every transaction that ends a family fails at its commit. */
const failingCommits = `
  create function refuse() returns trigger language plpgsql as $$ begin raise exception 'as the test wants'; end $$;
  create constraint trigger refuse after update on revocast_family deferrable initially deferred
    for each row when (new.ended_at is not null) execute function refuse()`;

beforeEach(async () => {
  log = await recordedLog();
  lifecycle = await createLifecycle({ issuer, log, store: postgresStore(database.pool) });
  families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
  await database.pool.query('truncate revocast_family, revocast_outbox');
  await database.pool.query(failingCommits);
});
afterEach(async () => {
  await database.pool.query('drop function if exists refuse cascade');
  await lifecycle?.close();
  await log?.close();
});

function accepted(answer: Opened | Refused): Opened {
  if (answer.ok) return answer;
  throw new Error(`expected a token, found the refusal ${answer.outcome}`);
}

/** What the failed transaction has left. */
async function leftOver() {
  const { rows } = await database.pool.query('select id from revocast_outbox');
  return { rows: rows.length, revocations: log.written.length };
}

it('a replay ends its family and notes the revocation, or neither', async () => {
  const first = await families.open({ subject: 'alice', ...use });
  const second = accepted(await families.present(first.refreshToken, use));
  const third = accepted(await families.present(second.refreshToken, use));
  expect(await families.present(first.refreshToken, use)).toMatchObject({ outcome: 'store_unavailable', status: 503 });
  expect(await leftOver()).toEqual({ rows: 0, revocations: 0 });
  expect(await families.present(third.refreshToken, use)).toMatchObject({ outcome: 'rotated' });

  await database.pool.query('drop function refuse cascade');
  expect(await families.present(first.refreshToken, use)).toMatchObject({ outcome: 'replayed', status: 400 });
  expect(await leftOver()).toEqual({ rows: 1, revocations: 1 });
});

it.each([
  { type: 'session_ended', session: 'sid' },
  { type: 'password_changed', subject: 'alice' },
  { type: 'password_changed', subject: 'alice', keep: 'another sid', id: 'event-1' },
] as const)('an event ends its families and notes the revocation, or neither: %j', async (event) => {
  const opened = await families.open({ subject: 'alice', session: 'sid', ...use });
  await expect(lifecycle.report(event)).rejects.toThrow(StoreError);
  expect(await leftOver()).toEqual({ rows: 0, revocations: 0 });
  expect(await families.present(opened.refreshToken, use)).toMatchObject({ outcome: 'rotated' });

  await database.pool.query('drop function refuse cascade');
  expect((await lifecycle.report(event)).state).toBe('logged');
  expect(await families.list('alice')).toEqual([]);
});
