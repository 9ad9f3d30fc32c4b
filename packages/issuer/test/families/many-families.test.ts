import { beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '@revocast/denylist/replica';
import { until } from '@revocast/test-support';
import { FamilyCollector } from '../../src/families/collector.ts';
import { PostgresFamilies } from '../../src/families/postgres/postgres-families.ts';
import { familyStatements } from '../../src/families/postgres/statements.ts';
import { usePostgres } from '../postgres/use-postgres.ts';
import { createWorld } from './world.ts';

/** `REVOCAST_FAMILIES=1000000` for a thorough run. */
const total = Number(process.env['REVOCAST_FAMILIES'] ?? 20_000);
const tenth = total / 10;
const table = 'revocast_family';
const use = { client: 'shop', accessSeconds: 900 };

const database = usePostgres();
let store: PostgresFamilies;

beforeAll(async () => {
  const { pool } = database;
  store = new PostgresFamilies({ pool, table, timeoutMs: 60_000, clock: systemClock });
  // A tenth has expired, and another tenth ended 31 days ago.
  await pool.query(`
    insert into ${table} (id, grant_id, issuer, client_id, subject, session_id, generation, current, key_no, opened_at, idle_until,
      absolute_until, access_until, ended_at, end_reason)
    select decode(md5(n::text), 'hex'), n::text, 'i', 'shop', 's' || n % 1000, 'session ' || n, 7, '\\x00', 1,
      now() - interval '60 days', now() + interval '1 day' * (case when n % 10 = 0 then -1 else 1 end),
      now() + interval '2 days', now() - interval '1 day',
      case when n % 10 = 1 then now() - interval '31 days' end, case when n % 10 = 1 then 'logout' end
    from generate_series(1, ${total}) as n`);
  await pool.query(`analyze ${table}`);
}, 600_000);

it('many families are collected in batches, while refreshes find their row by the primary key only', async () => {
  expect(await store.countRows()).toEqual({ active: total - tenth, ended: tenth });
  const batches: { readonly expired: number; readonly deleted: number }[] = [];
  let isDone = false;
  const collector = new FamilyCollector({
    store,
    clock: systemClock,
    collected: (families) => batches.push(families),
    succeeded: () => {
      isDone = true;
    },
    failed: (error) => {
      throw error;
    },
  });
  collector.start();
  // Refreshes go on meanwhile.
  const { families } = createWorld({}, { store });
  let { refreshToken } = await families.open({ subject: 'alice', ...use });
  let refreshes = 0;
  const refresh = async () => {
    const answer = await families.present(refreshToken, use);
    if (!answer.ok) throw new Error(`expected a token, found the refusal ${answer.outcome}`);
    ({ refreshToken } = answer);
    refreshes += 1;
    return isDone;
  };
  await until(refresh, { what: 'the collection to end', timeoutMs: 500_000, everyMs: 1 });
  await collector.close();

  expect(refreshes).toBeGreaterThan(0);
  expect(Math.max(...batches.flatMap(({ expired, deleted }) => [expired, deleted]))).toBe(1000);
  const sum = (kind: 'expired' | 'deleted') => batches.reduce((all, batch) => all + batch[kind], 0);
  expect({ expired: sum('expired'), deleted: sum('deleted') }).toEqual({ expired: tenth, deleted: tenth });
  // The family of the refreshes lives, too.
  expect(await store.countRows()).toEqual({ active: total - 2 * tenth + 1, ended: tenth });

  const { rotate, retry, read } = familyStatements(table, { refreshMs: 500, openMs: 4500 });
  const id = Buffer.alloc(16);
  for (const [statement, values] of [
    [rotate, [id, 0, id, 'c', null, 1, id, id, 1, 1, 1, 'i']],
    [retry, [id, 0, id, 'c', null, 1, 20, 'i']],
    [read, [id, 'i']],
  ] as const) {
    const { rows } = await database.pool.query(`explain ${statement}`, [...values]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('revocast_family_pkey');
    expect(plan).not.toMatch(/Seq Scan|revocast_family_(?!pkey)/);
  }
}, 600_000);
