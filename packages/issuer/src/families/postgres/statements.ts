import { limitsLockWait } from '../../postgres/lock-limit.ts';
import { mostRetriedGenerations } from '../advance.ts';

/**
 * The time of each statement is `clock_timestamp()`. `now()` is the start of the transaction, which may be one of the caller that
 * began long before the event, or one that has waited for a row.
 */
const now = 'clock_timestamp()';

/** Unix milliseconds of a time of PostgreSQL. */
const ms = (time: string) => `floor(extract(epoch from ${time}) * 1000)::float8`;

/** @param parameter a number of milliseconds. */
const interval = (parameter: string) => `${parameter}::float8 * interval '1 millisecond'`;

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
const columns = `id, grant_id, issuer, client_id, subject, session_id, binding, data, generation, current, previous, salt, key_no,
  retries, retried_generations, end_reason, end_by, ${times.map((time) => `${ms(time)} as ${time}`).join(', ')}`;

/**
 * The shown token belongs to this party, and the family lives: the first checks of the state machine. The client is an
 * expression, so that PostgreSQL does not search by it: by old statistics, a new client with a million families has none.
 */
const mayRefresh = `client_id || '' = $4 and (binding is null or binding = $5) and ended_at is null
  and idle_until > ${now} and absolute_until > ${now}`;

/** An access token is made. Of `rotate` and `retry`: $1 id, $2 generation, $3 hash, $4 client, $5 binding, $6 its lifetime. */
const minted = `access_until = greatest(access_until, ${now} + ${interval('$6')})`;

/** The first 32 bits of the locks of {@link openingLocks}. */
const openingSpace = 0x52_65_76_66;

/**
 * A family that is being opened has a time before it can be seen. It shares locks of its subject, client and session until it
 * can be seen; `waitForOpening` needs one of them alone. A null would leave all of them out: the functions and `||` are strict.
 */
const openingLocks = (...parameters: readonly string[]) =>
  parameters
    .map((name) => `pg_advisory_xact_lock_shared(${openingSpace}, hashtext(coalesce(${name}::text, '')))::text`)
    .join(' || ');

/** The longest waits for a lock, in milliseconds. */
export interface LockLimits {
  readonly refreshMs: number;
  readonly openMs: number;
}

/** The statements of the refresh families. Those of a refresh find their row by the primary key, and by nothing else. */
export function familyStatements(table: string, { refreshMs, openMs }: LockLimits) {
  return {
    /** ACTIVE(n) ──▶ ACTIVE(n+1). Of many at once, one finds its generation. $7 child, $8 salt, $9 key, $10 idle, $11 grace, $12 issuer. */
    rotate: `update ${table} set
        previous = current, current = $7, salt = $8, key_no = $9, generation = generation + 1,
        retried_generations =
          case when retries > 0 then least(retried_generations + 1, ${mostRetriedGenerations}) else 0 end,
        retries = 0, replaced_at = coalesce(rotated_at, opened_at), rotated_at = ${now},
        idle_until = ${now} + ${interval('$10')}, grace_until = ${now} + ${interval('$11')}, ${minted}
      where id = $1 and generation = $2::int and current = $3 and issuer = $12 and ${mayRefresh} and ${limitsLockWait(refreshMs)}
      returning ${columns}`,
    /** The parent again: counted. $7 most retries, $8 issuer. */
    retry: `update ${table} set retries = retries + 1, ${minted}
      where id = $1 and generation = $2::int + 1 and previous = $3 and issuer = $8 and ${mayRefresh} and ${limitsLockWait(refreshMs)}
        and retries < $7::int and (binding is not null or grace_until >= ${now})
      returning ${columns}, ${ms(now)} as now`,
    /** $1 id, $2 issuer. */
    read: `select ${columns}, ${ms(now)} as now from ${table} where id = $1 and issuer = $2`,
    lock: `select ${columns}, ${ms(now)} as now from ${table} where id = $1 and issuer = $2 for update`,
    /** $2 reason. */
    endOne: `update ${table} set ended_at = ${now}, end_reason = $2 where id = $1 and ended_at is null
      returning ${columns}, ${ms(now)} as now`,
    /** $1 id, grant, issuer, client, subject, session, binding, data, $9 hash, $10 key, $11 idle, absolute, access. */
    open: `insert into ${table} (id, grant_id, issuer, client_id, subject, session_id, binding, data, generation, current,
        key_no, opened_at, idle_until, absolute_until, access_until)
      select $1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10::smallint, opened, opened + ${interval('$11')},
        opened + ${interval('$12')}, opened + ${interval('$13')}
      from (select ${now} as opened from
        (select ${openingLocks('$5', '$4', '$6')} where ${limitsLockWait(openMs)} offset 0) as locked) as clock
      returning ${columns}`,
    /** Until the end of the transaction. $1 subject, client or session. */
    waitForOpening: `select pg_advisory_xact_lock(${openingSpace}, hashtext($1))`,
    /** $1 subject, $2 issuer. */
    list: `select ${columns} from ${table}
      where subject = $1 and issuer = $2 and ended_at is null and idle_until > ${now} and absolute_until > ${now}
      order by opened_at desc limit 1000`,
    /**
     * $1 reason, $2 by, $3 most grants. Two events that end the same families lock them in the same order: else PostgreSQL
     * would have to cancel one of them.
     *
     * @param withLiveAccess also counts families that have ended without a revocation, and have a living access token.
     */
    end: (condition: string, withLiveAccess: boolean) => `with meant as materialized (
        select id from ${table} where ${condition} and ended_at is null order by id for update
      ), ended as (
        update ${table} as family set ended_at = ${now}, end_reason = $1, end_by = $2
        from meant where family.id = meant.id returning grant_id
      ), denied as (
        select grant_id from ended
        union all
        select grant_id from ${table} where ${withLiveAccess} and ${condition}
          and ended_at is not null and end_reason in ('expired', 'store_lost') and access_until > ${now}
      )
      select (select count(*) from denied)::int as count, array(select grant_id from denied limit $3) as grants`,
    erase: (condition: string) =>
      `update ${table} set subject = '', session_id = null, data = null, end_by = null where ${condition}`,
    /** $1 Unix milliseconds, $2 batch. */
    endOpenedBefore: `with ended as (
        update ${table} set ended_at = ${now}, end_reason = 'store_lost' where id in (
          select id from ${table} where ended_at is null and opened_at < to_timestamp($1::float8 / 1000) order by id
          limit $2 for update)
        returning 1
      ) select count(*)::int as count from ended`,
    /** One collector at a time, until the end of the transaction. The number names this lock. */
    lockCollector: 'select pg_try_advisory_xact_lock(7224071901) as locked',
    /** `now()` and not `clock_timestamp()`, for which no index can be searched. $1 batch. */
    collectExpired: `with ended as (
        update ${table} set ended_at = ${now}, end_reason = 'expired' where id in (
          select id from ${table} where ended_at is null and least(idle_until, absolute_until) <= now()
          order by least(idle_until, absolute_until) limit $1 for update skip locked)
        returning 1
      ) select count(*)::int as count from ended`,
    /** $1 how long ended rows are kept, $2 batch. */
    collectEnded: `with deleted as (
        delete from ${table} where id in (
          select id from ${table} where ended_at is not null and ended_at <= now() - ${interval('$1')}
          order by ended_at limit $2 for update skip locked)
        returning 1
      ) select count(*)::int as count from deleted`,
    countRows: `select count(*) filter (where ended_at is null)::int as active, count(ended_at)::int as ended from ${table}`,
    liveAccess: `select client_id, count(*)::int as families from ${table}
      where ended_at is null and access_until > now() group by client_id order by client_id limit 1000`,
    /** Fails where a column is missing. */
    check: `select ${columns} from ${table} limit 0`,
  };
}
