import { beginWithin } from './begin.ts';
import { limitsLockWait, lockMsWithin } from './lock-limit.ts';
import { channel, lockSpace } from './schema.ts';

/** Unix milliseconds of a time of PostgreSQL. */
const ms = (time: string) => `extract(epoch from ${time}) * 1000`;

/** The row is not in force yet, so younger rows of its target wait. */
const isWaiting = 'settled_at is null and logged_at is null';

/** The statements of the outbox. `clock_timestamp()` everywhere: `now()` is the start of a transaction. */
export function outboxStatements(
  table: string,
  { timeoutMs, idleLimitMs }: { readonly timeoutMs: number; readonly idleLimitMs?: number | undefined },
) {
  const lockMs = lockMsWithin(timeoutMs);
  const noOlder = `not exists (select 1 from ${table} older
    where older.target = o.target and older.seq < o.seq and older.settled_at is null and older.logged_at is null)`;
  return {
    /**
     * $1: the rows, as JSON. $2: inside a transaction of the caller, whose time is that of its commit. It waits for a transaction
     * that has added a row with the same id and is not committed.
     */
    add: `with added as (
      insert into ${table} (id, target, statement, occurred_at, reported_at, next_at, frozen_at)
      select id, decode(target, 'hex'), statement,
        coalesce(to_timestamp(occurred_ms / 1000.0), clock_timestamp()), clock_timestamp(), clock_timestamp(),
        case when $2 then null else clock_timestamp() end
      from jsonb_to_recordset($1::jsonb) as given(id text, target text, statement jsonb, occurred_ms double precision)
      where $2 or ${limitsLockWait(lockMs)}
      on conflict (id) do nothing returning 1)
    select (select count(*) from added) as added,
      case when $2 then pg_current_xact_id()::text end as transaction, pg_notify('${channel}', '')`,
    /** $1: an event. No row: it was claimed before. */
    claimEvent: `insert into ${table} (id, target, occurred_at, reported_at, next_at, settled_at, outcome)
      select $1, '', at, at, at, at, 'logged' from (select clock_timestamp() as at) as clock
      on conflict (id) do nothing returning 1`,
    rowsOf: `select row_ids from ${table} where id = $1`,
    /** $1: a claimed event. $2: ids. */
    complete: `update ${table} set row_ids = $2 where id = $1`,
    /** Whether there may be something to do. */
    look: `select pg_is_in_recovery() as is_copy,
      exists (select 1 from ${table} where settled_at is null and next_at <= clock_timestamp()) as is_due`,
    /**
     * $1: Unix milliseconds of this process, because processes stamp tokens by their own clocks. In a transaction of its own,
     * before anything is published: a second attempt must state the same time.
     */
    freeze: `update ${table} set frozen_at = least(reported_at + interval '60 seconds',
        greatest(clock_timestamp(), to_timestamp($1::double precision / 1000)))
      where settled_at is null and frozen_at is null`,
    begin: beginWithin({ idleMs: idleLimitMs, statementMs: timeoutMs, lockMs }),
    /**
     * $1: how many. Locks their targets until the end of the transaction. Materialized, because a condition with a lock may
     * otherwise be evaluated for rows that are not returned.
     */
    lock: `with due as materialized (
      select seq, target from ${table} o
      where settled_at is null and frozen_at is not null and next_at <= clock_timestamp() and ${noOlder}
      order by seq limit $1)
    select seq::text from due
      where pg_try_advisory_xact_lock(${lockSpace}, ('x' || encode(substring(target for 4), 'hex'))::bit(32)::int)`,
    /** $1: the rows whose targets are locked. Read again: another process may have settled one before this got its lock. */
    claim: `select seq::text, id, encode(target, 'hex') as target, statement::text, attempts, ${ms('occurred_at')} as occurred_ms,
        ${ms('reported_at')} as reported_ms, ${ms('frozen_at')} as frozen_ms, ${ms('logged_at')} as logged_ms,
        ${ms('clock_timestamp()')} as now_ms
      from ${table} o
      where seq = any($1::bigint[]) and settled_at is null and next_at <= clock_timestamp() and ${noOlder} order by o.seq`,
    /** $1: the results, as JSON. What names a person goes with the row's work. */
    settle: `update ${table} as row set
        attempts = row.attempts + 1, error = given.error,
        logged_at = coalesce(row.logged_at, case when given.is_logged then clock_timestamp() end),
        next_at = clock_timestamp() + given.retry_ms * interval '1 millisecond',
        settled_at = case when given.outcome is not null then clock_timestamp() end, outcome = given.outcome,
        statement = case when given.outcome is null then row.statement end,
        target = case when given.outcome is null then row.target else '' end
      from jsonb_to_recordset($1::jsonb)
        as given(seq bigint, outcome text, error text, is_logged boolean, retry_ms double precision)
      where row.seq = given.seq`,
    commit: 'commit',
    /** $1: ids. */
    read: `select id, outcome, logged_at is not null as is_logged from ${table} where id = any($1::text[])`,
    /** $1: a transaction. */
    transaction: 'select pg_xact_status($1::text::xid8) as status',
    /** $1: codes of the rows that stay. */
    hurry: `update ${table} set next_at = clock_timestamp() where settled_at is null and next_at > clock_timestamp()
      and (error is null or error <> all($1::text[]))`,
    /** $1: how many at most. */
    collect: `with old as (select seq from ${table} where settled_at < clock_timestamp() - interval '7 days' limit $1
        for update skip locked)
      delete from ${table} as row using old where row.seq = old.seq returning 1`,
    figures: `select count(*) as pending, extract(epoch from clock_timestamp() - min(reported_at)) as oldest_seconds
      from ${table} where ${isWaiting}`,
    countRows: `select count(*) filter (where settled_at is null) as active, count(settled_at) as ended from ${table}`,
    isCopy: 'select pg_is_in_recovery() as is_copy',
    /** Fails where a column is missing. */
    check: `select seq, id, target, statement, occurred_at, reported_at, frozen_at, attempts, next_at, logged_at, error,
      settled_at, outcome, row_ids from ${table} limit 0`,
  };
}
