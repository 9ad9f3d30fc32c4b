import { mostRetriedGenerations } from '../advance.ts';
import { familyColumns, interval, milliseconds } from './schema.ts';

/**
 * The time of each statement is `clock_timestamp()`. `now()` is the start of the transaction: a refresh that waited for a row
 * would have a time before the event that it waited for.
 */
const now = 'clock_timestamp()';

/** The shown token belongs to this party, and the family lives: the first checks of the state machine. */
const mayRefresh = `client_id = $4 and (binding is null or binding = $5) and ended_at is null
  and idle_until > ${now} and absolute_until > ${now}`;

/** What `rotateSql` and `retrySql` have in common: $1 id, $2 generation, $3 hash, $4 client, $5 binding, $6 access ms. */
const minted = `access_until = greatest(access_until, ${now} + ${interval('$6')})`;

/** ACTIVE(n) ──▶ ACTIVE(n+1). Of many at once, one finds its generation. $7 child, $8 salt, $9 key, $10 idle, $11 grace. */
export const rotateSql = `
  update revocast_family set
    previous = current, current = $7, salt = $8, key_no = $9, generation = generation + 1,
    retried_generations = case when retries > 0 then least(retried_generations + 1, ${mostRetriedGenerations}) else 0 end,
    retries = 0, replaced_at = coalesce(rotated_at, opened_at), rotated_at = ${now},
    idle_until = ${now} + ${interval('$10')}, grace_until = ${now} + ${interval('$11')}, ${minted}
  where id = $1 and generation = $2::int and current = $3 and ${mayRefresh}
  returning ${familyColumns}`;

/** The parent again: counted. $7 most retries. */
export const retrySql = `
  update revocast_family set retries = retries + 1, ${minted}
  where id = $1 and generation = $2::int + 1 and previous = $3 and ${mayRefresh}
    and retries < $7::int and (binding is not null or grace_until >= ${now})
  returning ${familyColumns}, ${milliseconds(now)} as now`;

export const readSql = `select ${familyColumns}, ${milliseconds(now)} as now from revocast_family where id = $1`;

export const endOneSql = `
  update revocast_family set ended_at = ${now}, end_reason = $2 where id = $1 and ended_at is null
  returning ${familyColumns}, ${milliseconds(now)} as now`;

/** $1 id, $2 grant, $3 issuer, $4 client, $5 subject, $6 session, $7 binding, $8 data, $9 hash, $10 key, $11–13 lifetimes. */
export const openSql = `
  insert into revocast_family (id, grant_id, issuer, client_id, subject, session_id, binding, data, generation, current,
    key_no, opened_at, idle_until, absolute_until, access_until)
  select $1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10::smallint, opened, opened + ${interval('$11')},
    opened + ${interval('$12')}, opened + ${interval('$13')}
  from (select ${now} as opened) as clock
  returning ${familyColumns}`;

export const listSql = `
  select ${familyColumns} from revocast_family
  where subject = $1 and issuer = $2 and ended_at is null and idle_until > ${now} and absolute_until > ${now}
  order by opened_at desc limit 1000`;

/**
 * Ends what the condition selects. Two events that end the same families lock them in the same order, so that none of both
 * fails. $1 reason, $2 by, $3 most grants.
 */
export function endSql(condition: string): string {
  return `
  with meant as materialized (
    select id from revocast_family where ${condition} and ended_at is null order by id for update
  ), ended as (
    update revocast_family as family set ended_at = ${now}, end_reason = $1, end_by = $2
    from meant where family.id = meant.id returning grant_id
  )
  select (select count(*) from ended)::int as count, array(select grant_id from ended limit $3) as grants`;
}

export function eraseSql(condition: string): string {
  return `update revocast_family set subject = '', session_id = null, data = null, end_by = null where ${condition}`;
}

/** $1 Unix milliseconds, $2 batch. */
export const endOpenedBeforeSql = `
  update revocast_family set ended_at = ${now}, end_reason = 'store_lost' where id in (
    select id from revocast_family where ended_at is null and opened_at < to_timestamp($1::float8 / 1000) order by id
    limit $2 for update
  )`;

/** One process at a time. The number names this lock. */
export const lockCollectorSql = 'select pg_try_advisory_xact_lock(7224071901) as locked';

/** `now()` and not `clock_timestamp()`, which no index can be searched for. $1 batch. */
export const collectExpiredSql = `
  update revocast_family set ended_at = ${now}, end_reason = 'expired' where id in (
    select id from revocast_family where ended_at is null and least(idle_until, absolute_until) <= now()
    order by least(idle_until, absolute_until) limit $1 for update skip locked
  )`;

/** $1 how long ended rows are kept, $2 batch. */
export const collectEndedSql = `
  delete from revocast_family where id in (
    select id from revocast_family where ended_at is not null and ended_at <= now() - ${interval('$1')}
    order by ended_at limit $2 for update skip locked
  )`;

export const countSql = `
  select count(*) filter (where ended_at is null)::int as active, count(ended_at)::int as ended from revocast_family`;

export const liveAccessSql = `
  select client_id, count(*)::int as families from revocast_family
  where ended_at is null and access_until > now() group by client_id order by client_id limit 1000`;
