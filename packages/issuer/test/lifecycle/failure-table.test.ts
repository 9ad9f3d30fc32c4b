import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CreatePublisherOptions, LogError, type Revocation } from '@revocast/denylist';
import { createLifecycle, type Lifecycle, type LifecycleOptions, StoreError } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { type PostgresServer, type RedisServer, startPostgres, startRedis, until } from '@revocast/test-support';
import pg from 'pg';
import { Registry } from 'prom-client';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';

const issuer = 'https://login.example.com/';
const subject = 'alice';
const hour = 3_600_000;

let postgres: PostgresServer;
let redis: RedisServer;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    startPostgres(),
    startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } }),
  ]);
});
afterAll(() => Promise.all([postgres.stop(), redis.stop()]));

let pool: pg.Pool;
let registry: Registry;
let log: RecordedLog;
let lifecycle: Lifecycle;
beforeEach(async () => {
  pool = new pg.Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  await postgresStore(pool).migrate();
  await pool.query('truncate revocast_outbox');
  registry = new Registry();
  await open();
});
afterEach(async () => {
  await close();
  await pool.end();
});

async function open(options: Partial<LifecycleOptions> = {}, publisher: CreatePublisherOptions = {}): Promise<void> {
  log = await recordedLog(redis.url, publisher);
  const store = postgresStore(pool, { timeoutMs: 2000 });
  lifecycle = await createLifecycle({ issuer, log, store, metrics: { registry }, ...options });
}

async function close(): Promise<void> {
  await lifecycle.close();
  await log.close();
}

/** Everything in the outbox happened this much earlier, and is due. */
async function makeOlder(ms: number): Promise<void> {
  const columns = ['occurred_at', 'reported_at', 'frozen_at', 'logged_at'].map(
    (name) => `${name} = ${name} - $1 * interval '1 ms'`,
  );
  await pool.query(`update revocast_outbox set ${columns.join(', ')}, next_at = clock_timestamp()`, [ms]);
}

const revocations = () => log.written.map(({ about }) => about as Revocation);
const kinds = () => log.written.map(({ kind }) => kind);
const secondsNow = () => Math.floor(Date.now() / 1000);
const settledTotal = async (outcome: string) => {
  const line = (await registry.metrics())
    .split('\n')
    .find((one) => one.includes(`settled_total{outcome="${outcome}"}`));
  return Number(line?.split(' ')[1]);
};

describe('the log is down at a logout (4)', () => {
  it('leaves the event pending and visible, and logs it once the log is back', async () => {
    await redis.kill();
    const outcome = await lifecycle.report({ type: 'session_ended', session: 's' }, { waitMs: 300 });
    expect(outcome.state).toBe('pending');
    const text = await registry.metrics();
    expect(text).toContain('revocast_outbox_pending 1');
    expect(text).toMatch(/revocast_outbox_attempt_failures_total\{code="unavailable"\} [1-9]/);
    await redis.restart();
    expect((await outcome.settled(30_000)).state).toBe('logged');
    await until(async () => (await settledTotal('logged')) === 1, { what: 'the counter' });
    await until(async () => (await registry.metrics()).includes('revocast_outbox_pending 0'), { what: 'the gauge' });
  });

  it('without a store rejects, because nothing was noted', async () => {
    await close();
    await open({ store: undefined });
    await redis.kill();
    await expect(lifecycle.report({ type: 'session_ended', session: 's' })).rejects.toMatchObject({ name: 'LogError' });
    await redis.restart();
  });
});

describe('the log returns after an hour (5)', () => {
  it('delivers in order per subject, and cuts off at the time of the event', async () => {
    log.failWith('unavailable');
    const events = ['user_disabled', 'user_enabled', 'password_changed', 'user_disabled'] as const;
    for (const type of events) await lifecycle.report({ type, subject }, { waitMs: 0 });
    const reportedAt = secondsNow();
    await makeOlder(hour);
    log.failWith(undefined);
    await makeOlder(0);
    await until(() => log.written.length === events.length, { what: 'everything to be logged' });
    expect(kinds()).toEqual(['revoke', 'lift', 'revoke', 'revoke']);
    const [disabled, , changed] = revocations();
    expect(disabled?.block).toBe(true);
    // Stated by the process at the report, so it is not an hour earlier; never later than that.
    expect(changed?.issuedUpTo).toBeLessThanOrEqual(reportedAt + 1);
    expect(changed?.issuedUpTo).toBeGreaterThanOrEqual(reportedAt - 5);
  });

  it('tries every row at once when one of them gets through', async () => {
    log.failWith('unavailable');
    for (let count = 0; count < 5; count += 1) {
      await lifecycle.report({ type: 'session_ended', session: `s${count}` }, { waitMs: 0 });
    }
    await until(
      () => pool.query('select 1 from revocast_outbox where attempts = 0').then(({ rows }) => rows.length === 0),
      {
        what: 'every row to be tried',
      },
    );
    await pool.query("update revocast_outbox set next_at = clock_timestamp() + interval '1 hour'");
    log.failWith(undefined);
    await lifecycle.report({ type: 'session_ended', session: 'new' });
    await until(() => log.written.length === 6, { what: 'the others to follow' });
  });
});

describe('a block or a lift that is older than 20 hours', () => {
  it('becomes a cutoff, or is dropped, and both are counted as stuck', async () => {
    await close();
    await open({ worker: false });
    const block = await lifecycle.report({ type: 'user_disabled', subject }, { waitMs: 0 });
    const lift = await lifecycle.report({ type: 'tenant_resumed', tenant: 't' }, { waitMs: 0 });
    const session = await lifecycle.report({ type: 'session_ended', session: 's' }, { waitMs: 0 });
    await makeOlder(21 * hour);
    lifecycle.start();
    const states = await Promise.all([block, lift, session].map(async (each) => (await each.settled(10_000)).state));
    expect(states).toEqual(['stuck', 'stuck', 'logged']);
    expect(kinds()).toEqual(['revoke', 'revoke']);
    const late = revocations().find((revocation) => 'subject' in revocation);
    expect({ block: late?.block, issuedUpTo: late?.issuedUpTo }).toEqual({
      block: undefined,
      issuedUpTo: expect.any(Number),
    });
    await until(async () => (await settledTotal('stuck')) === 2, { what: 'the counter' });
  });

  it('of a key is logged as it is, because no cutoff helps against a stolen key', async () => {
    await close();
    await open({ worker: false });
    const outcome = await lifecycle.report({ type: 'key_compromised', key: 'k' }, { waitMs: 0 });
    await makeOlder(30 * hour);
    lifecycle.start();
    expect((await outcome.settled(10_000)).state).toBe('logged');
  });
});

describe('the store is down (6)', () => {
  it('makes report reject, leaves nothing half done, and works again when it is back', async () => {
    await postgres.kill();
    const event = { type: 'password_changed', subject } as const;
    const error = await lifecycle.report(event).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'store_unavailable' });
    expect(String(error)).not.toContain(subject);
    const storeFailures = /store_failures_total\{code="store_unavailable"\} [1-9]/;
    expect(await registry.metrics()).toMatch(storeFailures);
    expect(log.written).toEqual([]);
    await postgres.restart();
    expect((await lifecycle.report(event, { waitMs: 30_000 })).state).toBe('logged');
    expect(log.written).toHaveLength(1);
  });

  it('refuses a read-only copy by name', async () => {
    const copy = await startPostgres({ isStandby: true });
    const client = new pg.Pool({ connectionString: copy.url });
    client.on('error', () => {});
    try {
      const store = postgresStore(client);
      await expect(createLifecycle({ issuer, log, store })).rejects.toMatchObject({ code: 'store_read_only' });
    } finally {
      await client.end();
      await copy.stop();
    }
  });

  it('counts no malformed event as a failure of the store', async () => {
    const event = { type: 'session_ended', session: 's', at: new Date(Date.now() + 10 * 60_000) } as const;
    await expect(lifecycle.report(event)).rejects.toThrow('event.at');
    expect(await registry.metrics()).toMatch(/store_failures_total\{code="unexpected"\} 0/);
  });

  it('names the missing table, and how to make it', async () => {
    await pool.query('drop table revocast_outbox');
    const store = postgresStore(pool);
    await expect(createLifecycle({ issuer, log, store })).rejects.toThrow('postgresStore(pool).migrate()');
  });
});

describe('an event that is reported twice (10)', () => {
  it('with one id is one revocation, also in two processes', async () => {
    const event = { type: 'password_changed', subject, id: 'event-1' } as const;
    const other = await createLifecycle({ issuer, log, store: postgresStore(pool) });
    try {
      const outcomes = await Promise.all([lifecycle.report(event), other.report(event), lifecycle.report(event)]);
      expect(outcomes.map(({ state }) => state)).toEqual(['logged', 'logged', 'logged']);
      expect(new Set(outcomes.map(({ id }) => id)).size).toBe(1);
      expect(log.written).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('without an id is a second revocation, which merges with the first', async () => {
    const event = { type: 'session_ended', session: 's' } as const;
    await lifecycle.report(event);
    expect((await lifecycle.report(event)).state).toBe('logged');
    expect(log.written).toHaveLength(2);
  });
});

describe('clocks of processes differ (14)', () => {
  it('a cutoff includes every token that this process has stamped, also by a clock that was ahead', async () => {
    const ahead = secondsNow() + 30;
    lifecycle.observe.answered({ grantType: 'authorization_code', result: 'success', issuedAt: ahead });
    await lifecycle.report({ type: 'password_changed', subject });
    expect(revocations()[0]?.issuedUpTo).toBe(ahead + 1);
  });

  it('an iat that is far ahead holds no cutoff back, and moves it by at most a minute', async () => {
    const ahead = secondsNow() + 600;
    lifecycle.observe.answered({ grantType: 'authorization_code', result: 'success', issuedAt: ahead });
    const outcome = await lifecycle.report({ type: 'password_changed', subject }, { waitMs: 10_000 });
    expect(outcome.state).toBe('logged');
    const { issuedUpTo = 0 } = revocations()[0] ?? {};
    expect(issuedUpTo).toBeGreaterThan(ahead - 600 + 30);
    expect(issuedUpTo).toBeLessThanOrEqual(secondsNow() + 60);
  });
});

describe('too many broad rules in an incident (25)', () => {
  it('leaves the event pending, which the metrics show', async () => {
    await close();
    await open({}, { broadRulesPerMinute: 1 });
    await lifecycle.report({ type: 'client_compromised', client: 'a' });
    const second = await lifecycle.report({ type: 'client_compromised', client: 'b' }, { waitMs: 300 });
    expect(second.state).toBe('pending');
    expect(await registry.metrics()).toMatch(/attempt_failures_total\{code="too_many_broad_rules"\} [1-9]/);
  });
});

describe('the log has too few copies', () => {
  it('is logged, confirmed again for five minutes, and then settled as not durable', async () => {
    log.failWith('not_durable');
    const outcome = await lifecycle.report({ type: 'session_ended', session: 's' });
    expect(outcome.state).toBe('logged');
    const confirmed = 'select 1 from revocast_outbox where logged_at is not null';
    await until(async () => (await pool.query(confirmed)).rows.length === 1, {
      what: 'the first attempt to be stored',
    });
    await makeOlder(7 * 60_000);
    await until(async () => (await settledTotal('not_durable')) === 1, { what: 'the row to be settled' });
  });
});

describe('a row of a later version', () => {
  it('waits, with its reason, and holds no other row back', async () => {
    // In one transaction, so that the worker never sees the statement that it can log.
    const tx = await pool.connect();
    await tx.query('begin');
    await lifecycle.report({ type: 'session_ended', session: 'later' }, { tx });
    await tx.query(`update revocast_outbox set statement = '{"kind":"later"}'`);
    await tx.query('commit');
    tx.release();
    expect((await lifecycle.report({ type: 'session_ended', session: 's' })).state).toBe('logged');
    const unsettled = () => pool.query('select error from revocast_outbox where settled_at is null');
    await until(async () => (await unsettled()).rows[0]?.error === 'unknown_kind', { what: 'the row to be tried' });
    await until(async () => (await unsettled()).rows.length === 1, { what: 'the other row to be settled' });
  });
});

describe('the log refuses a revocation', () => {
  it('makes report reject, and settles the row', async () => {
    log.failWith('refused');
    const error = await lifecycle.report({ type: 'session_ended', session: 's' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LogError);
    await until(async () => (await settledTotal('refused')) === 1, { what: 'the row to be settled' });
  });
});
