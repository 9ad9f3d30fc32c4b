import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import {
  createLifecycle,
  type FamilyOptions,
  type LifecycleStore,
  memoryStore,
  type Opened,
  type Refused,
} from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { createVerifier } from '@revocast/middleware';
import { mintKey, mintToken } from '@revocast/test-support';
import type pg from 'pg';
import { usePostgres } from '../postgres/use-postgres.ts';
import { waitsForLock } from '../postgres/waits-for-lock.ts';
import { recordedLog } from '../recorded-log.ts';
import { secretOf } from './keys-of-test.ts';

const issuer = 'https://login.example.com/';
const audience = 'https://api.example.com';
const use = { client: 'shop', accessSeconds: 900 };
const keys = [{ id: 1, secret: secretOf('key 1') }];

const database = usePostgres({ max: 20 });

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** An authorization server and an API in one process. */
async function createWorld(store: LifecycleStore) {
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer, log, store });
  const key = await mintKey('ES256', 'k', true);
  const verifier = createVerifier({
    issuer,
    audience,
    jwks: { keys: [key.publicJwk] },
    revocation: { feed: log },
  });
  opened.push(log, lifecycle, verifier);
  expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
  const families = lifecycle.families({ keys });
  const sign = ({ claims }: Opened) => mintToken(key, { ...claims }, { issuer, audience, expiresInSeconds: 900 });
  /** What an API decides about a token, after it has received what is logged so far: the log is in order. */
  const outcomeAt = async (token: string) => {
    const last = await log.revoke({ issuer, session: 'of no token', reason: 'logout' });
    await last.enforcedEverywhere();
    return (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome;
  };
  return { lifecycle, families, sign, outcomeAt };
}

function accepted(answer: Opened | Refused): Opened {
  if (answer.ok) return answer;
  throw new Error(`expected a token, found the refusal ${answer.outcome}`);
}

let subjects = 0;
const newSubject = () => `subject-${subjects++}`;

describe.each([
  ['in memory', () => memoryStore()],
  ['in PostgreSQL', () => postgresStore(database.pool)],
])('families %s', (_, open) => {
  it('revoke every access token of a replayed family before the thief has the answer', async () => {
    const { families, sign, outcomeAt } = await createWorld(open());
    const first = await families.open({ subject: newSubject(), ...use });
    const second = accepted(await families.present(first.refreshToken, use));
    const third = accepted(await families.present(second.refreshToken, use));
    const tokens = await Promise.all([first, second, third].map(sign));
    expect(await Promise.all(tokens.map(outcomeAt))).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await families.present(first.refreshToken, use)).toMatchObject({ outcome: 'replayed' });
    expect(await Promise.all(tokens.map(outcomeAt))).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('end with a new password, except the session in which it was set', async () => {
    const { lifecycle, families, sign, outcomeAt } = await createWorld(open());
    const subject = newSubject();
    const here = await families.open({ subject, session: 'here', ...use });
    const there = await families.open({ subject, session: 'there', ...use });
    const [hereToken, thereToken] = [await sign(here), await sign(there)];
    const outcome = await lifecycle.report({ type: 'password_changed', subject, keep: 'here' });
    expect({ state: outcome.state, published: outcome.published.length }).toEqual({ state: 'logged', published: 1 });
    expect({ here: await outcomeAt(hereToken), there: await outcomeAt(thereToken) }).toEqual({
      here: 'accepted',
      there: 'rejected',
    });
    expect(await families.present(there.refreshToken, use)).toMatchObject({ outcome: 'ended' });
    expect(await families.present(here.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
    expect((await families.list(subject)).map(({ session }) => session)).toEqual(['here']);
  });

  it('end with a new password, and their access tokens by one cutoff when they are more than fifty', async () => {
    const { lifecycle, families, sign, outcomeAt } = await createWorld(open());
    const subject = newSubject();
    const here = await families.open({ subject, session: 'here', ...use });
    const others = await Promise.all(
      Array.from({ length: 51 }, () => families.open({ subject, session: 'there', ...use })),
    );
    const outcome = await lifecycle.report({ type: 'password_changed', subject, keep: 'here' });
    expect(outcome.published).toHaveLength(1);
    expect(await outcomeAt(await sign(others[50]!))).toBe('rejected');
    // Its access token ends with the cutoff, but it can be refreshed.
    expect(await families.present(here.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
  });

  it('are logged when there is nothing else to end', async () => {
    const { lifecycle } = await createWorld(open());
    const outcome = await lifecycle.report({ type: 'signed_out_everywhere', subject: newSubject(), keep: 'here' });
    expect({ state: outcome.state, published: outcome.published }).toEqual({ state: 'logged', published: [] });
  });

  it.each([undefined, 'here'])('do not end again with an event that is reported again (keep: %s)', async (keep) => {
    const { lifecycle, families, sign, outcomeAt } = await createWorld(open());
    const subject = newSubject();
    const event = { type: 'password_changed', subject, keep, id: `changed-${subject}` } as const;
    await families.open({ subject, session: 'there', ...use });
    const first = await lifecycle.report(event);
    const since = await families.open({ subject, session: 'since', ...use });
    const again = await lifecycle.report(event);
    expect({ state: again.state, id: again.id }).toEqual({ state: 'logged', id: first.id });
    expect(await families.present(since.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
    // Without `keep` the cutoff of the first report may include the second in which the user signed in again.
    if (keep !== undefined) expect(await outcomeAt(await sign(since))).toBe('accepted');
  });

  it('that are reported again while the log is down are pending', async () => {
    const log = await recordedLog();
    const lifecycle = await createLifecycle({ issuer, log, store: open() });
    opened.push(log, lifecycle);
    const subject = newSubject();
    await lifecycle.families({ keys }).open({ subject, session: 'there', ...use });
    log.failWith('unavailable');
    const event = { type: 'password_changed', subject, keep: 'here', id: `changed-${subject}` } as const;
    const outcomes = [await lifecycle.report(event, { waitMs: 50 }), await lifecycle.report(event, { waitMs: 50 })];
    expect(outcomes.map(({ state }) => state)).toEqual(['pending', 'pending']);
    expect(outcomes[1]?.id).toBe(outcomes[0]?.id);
    log.failWith(undefined);
    expect((await outcomes[1]?.settled(10_000))?.state).toBe('logged');
  });

  it('end with each event that ends access', async () => {
    const { lifecycle, families } = await createWorld(open());
    const subject = newSubject();
    const open1 = () => families.open({ subject, session: `session-of-${subject}`, ...use });
    const outcomes: Record<string, string> = {};
    for (const event of [
      { type: 'session_ended', session: `session-of-${subject}` },
      { type: 'signed_out_everywhere', subject },
      { type: 'credential_leaked', subject },
      { type: 'user_disabled', subject },
      { type: 'consent_withdrawn', subject, client: 'shop' },
      { type: 'client_compromised', client: 'shop' },
      { type: 'user_enabled', subject },
      { type: 'key_compromised', key: 'k2' },
      { type: 'user_deleted', subject },
    ] as const) {
      const family = await open1();
      await lifecycle.report(event);
      outcomes[event.type] = (await families.present(family.refreshToken, use)).outcome;
    }
    expect(outcomes).toEqual({
      session_ended: 'ended',
      signed_out_everywhere: 'ended',
      credential_leaked: 'ended',
      user_disabled: 'ended',
      consent_withdrawn: 'ended',
      client_compromised: 'ended',
      user_enabled: 'rotated',
      key_compromised: 'rotated',
      user_deleted: 'ended',
    });
  });

  it('go on after an event of an earlier time, when they were opened since', async () => {
    const { lifecycle, families, sign, outcomeAt } = await createWorld(open());
    const at = new Date(Date.now() - 3_600_000);
    const subject = newSubject();
    const events = [
      { type: 'password_changed', subject, at },
      { type: 'password_changed', subject, keep: 'there', at },
      { type: 'consent_withdrawn', subject, client: 'shop', at },
      { type: 'client_compromised', client: 'shop', at },
    ] as const;
    const family = await families.open({ subject, session: 'here', ...use });
    for (const event of events) await lifecycle.report(event);
    expect(await families.present(family.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
    expect(await outcomeAt(await sign(family))).toBe('accepted');
    // A cutoff of now, although it is stated. Reported again with another time, it is the same event.
    const again = { type: 'password_changed', subject, id: `new-password-of-${subject}` } as const;
    await lifecycle.report({ ...again, at: new Date() });
    expect(await families.list(subject)).toEqual([]);
    await families.open({ subject, session: 'here', ...use });
    await lifecycle.report({ ...again, at: new Date(Date.now() + 2000) });
    expect(await families.list(subject)).toHaveLength(1);
    // No cutoff: the user stays disabled.
    const disabled = await families.open({ subject, session: 'here', ...use });
    await lifecycle.report({ type: 'user_disabled', subject, at });
    expect(await families.present(disabled.refreshToken, use)).toMatchObject({ outcome: 'ended' });
  });

  it('end one device of the list, with its access tokens', async () => {
    const { families, sign, outcomeAt } = await createWorld(open());
    const subject = newSubject();
    const phone = await families.open({ subject, session: 'phone', ...use });
    const laptop = await families.open({ subject, session: 'laptop', ...use });
    const tokens = await Promise.all([phone, laptop].map(sign));
    const ended = await families.end({ grant: phone.grant }, { reason: 'admin', by: 'ops' });
    expect(ended.state).toBe('logged');
    expect(await Promise.all(tokens.map(outcomeAt))).toEqual(['rejected', 'accepted']);
    expect((await families.list(subject)).map(({ grant }) => grant)).toEqual([laptop.grant]);
  });
});

describe('families in a transaction of the caller', () => {
  it('end when it is committed, and not when it is rolled back', async () => {
    const { lifecycle, families, sign, outcomeAt } = await createWorld(postgresStore(database.pool));
    const subject = newSubject();
    const family = await families.open({ subject, ...use });
    const token = await sign(family);
    const tx = await database.pool.connect();
    try {
      await tx.query('begin');
      const rolledBack = await lifecycle.report({ type: 'password_changed', subject }, { tx });
      await tx.query('rollback');
      expect((await rolledBack.settled()).state).toBe('not_committed');
      expect({ token: await outcomeAt(token), families: (await families.list(subject)).length }).toEqual({
        token: 'accepted',
        families: 1,
      });
      await tx.query('begin');
      const committed = await lifecycle.report({ type: 'password_changed', subject }, { tx });
      await tx.query('commit');
      expect((await committed.settled()).state).toBe('logged');
      expect({ token: await outcomeAt(token), families: (await families.list(subject)).length }).toEqual({
        token: 'rejected',
        families: 0,
      });
    } finally {
      tx.release();
    }
  });
});

describe('a sign-in with the old password between the report and the commit', () => {
  it.each([
    ['by a cutoff', undefined],
    ['by their grants, while a session is kept', 'here'],
  ])('ends with its access tokens: %s', async (_, keep) => {
    const { lifecycle, families, sign, outcomeAt } = await createWorld(postgresStore(database.pool));
    const subject = newSubject();
    const here = await families.open({ subject, session: 'here', ...use });
    const tx = await database.pool.connect();
    try {
      await tx.query('begin');
      const outcome = await lifecycle.report({ type: 'password_changed', subject, keep, by: 'ops' }, { tx });
      const thief = await families.open({ subject, session: 'of the thief', ...use });
      await tx.query('commit');
      expect((await outcome.settled()).state).toBe('logged');
      expect(await families.present(thief.refreshToken, use)).toMatchObject({ outcome: 'ended' });
      expect(await outcomeAt(await sign(thief))).toBe('rejected');
      expect(await families.present(here.refreshToken, use)).toMatchObject({
        outcome: keep === undefined ? 'ended' : 'rotated',
      });
      // Of the new password.
      const after = await families.open({ subject, session: 'here', ...use });
      expect(await families.present(after.refreshToken, use)).toMatchObject({ outcome: 'rotated' });
    } finally {
      tx.release();
    }
  });

  it('ends by a session, and by a client', async () => {
    const { lifecycle, families } = await createWorld(postgresStore(database.pool));
    const events = [
      { type: 'session_ended', session: `session-of-${newSubject()}` },
      { type: 'client_compromised', client: `client-of-${newSubject()}` },
    ] as const;
    const tx = await database.pool.connect();
    try {
      for (const event of events) {
        const { session, client = 'shop' }: { session?: string; client?: string } = { ...event };
        await tx.query('begin');
        const outcome = await lifecycle.report(event, { tx });
        const thief = await families.open({ ...use, subject: newSubject(), session, client });
        await tx.query('commit');
        await outcome.settled();
        const shown = await families.present(thief.refreshToken, { ...use, client });
        expect({ event: event.type, outcome: shown.outcome }).toEqual({ event: event.type, outcome: 'ended' });
      }
    } finally {
      tx.release();
    }
  });
});

describe('a family that is still being opened when the event is reported', () => {
  const events = [
    { type: 'session_ended', session: 'in-flight' },
    { type: 'signed_out_everywhere', subject: 'in-flight' },
    { type: 'password_changed', subject: 'in-flight' },
    { type: 'password_changed', subject: 'in-flight', keep: 'here' },
    { type: 'user_disabled', subject: 'in-flight' },
    { type: 'consent_withdrawn', subject: 'in-flight', client: 'shop' },
    { type: 'client_compromised', client: 'shop' },
  ] as const;
  it.each(events.map((event) => [JSON.stringify(event), event] as const))(
    'ends with its access tokens: %s',
    async (_, event) => {
      const { lifecycle, families, sign, outcomeAt } = await createWorld(postgresStore(database.pool));
      const tx = await database.pool.connect();
      try {
        // Every statement of this store is part of one transaction.
        const opening = { query: tx.query.bind(tx), connect: () => database.pool.connect() };
        const log = await createPublisher('memory:');
        const signIn = await createLifecycle({ issuer, log, store: postgresStore(opening as pg.Pool), worker: false });
        opened.push(log, signIn);
        await tx.query('begin');
        const grant = { subject: 'in-flight', session: 'in-flight', ...use };
        const family = await signIn.families({ keys }).open(grant);
        const outcome = await lifecycle.report(event, { waitMs: 0 });
        expect(outcome.state).toBe('pending');
        await waitsForLock(database.pool);
        await tx.query('commit');
        const { state, published } = await outcome.settled(20_000);
        // Where the revocation of the event names no grant, that of the family comes with it.
        expect({ state, published: published.length }).toEqual({ state: 'logged', published: 'keep' in event ? 1 : 2 });
        expect(await families.present(family.refreshToken, use)).toMatchObject({ outcome: 'ended' });
        expect(await outcomeAt(await sign(family))).toBe('rejected');
      } finally {
        tx.release();
      }
    },
  );
});

describe('families of a lifecycle', () => {
  it('need a store', async () => {
    const log = await createPublisher('memory:');
    const lifecycle = await createLifecycle({ issuer, log });
    opened.push(log, lifecycle);
    expect(() => lifecycle.families({ keys })).toThrow('store: expected memoryStore() or postgresStore(pool)');
  });

  it('name their subject as the tokens do', async () => {
    const log = await createPublisher('memory:');
    const lifecycle = await createLifecycle({
      issuer,
      log,
      store: memoryStore(),
      subjectsOf: async () => ['pairwise'],
    });
    opened.push(log, lifecycle);
    expect(() => lifecycle.families({ keys })).toThrow('subjectsOf: expected none with families');
  });

  it('are needed to keep a session', async () => {
    const log = await createPublisher('memory:');
    const lifecycle = await createLifecycle({ issuer, log, store: memoryStore() });
    opened.push(log, lifecycle);
    const report = lifecycle.report({ type: 'password_changed', subject: 'alice', keep: 'sid' });
    await expect(report).rejects.toThrow('event.keep: expected refresh families, found none');
  });

  it('refuse wrong options by name', async () => {
    const log = await createPublisher('memory:');
    const lifecycle = await createLifecycle({ issuer, log, store: memoryStore() });
    opened.push(log, lifecycle);
    const wrong = [
      { idle: '20d', absolute: '10d' },
      { idle: '14 days' },
      { graceSeconds: 61 },
      { maxRetries: 0 },
      { lateRetry: 'ignore' },
      { grace: 30 },
    ];
    const messages = wrong.map((part) => {
      try {
        lifecycle.families({ keys, ...part } as FamilyOptions);
        return 'accepted';
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    });
    expect(messages).toEqual([
      "idle: expected at most '10d', the absolute lifetime, found '20d'",
      `idle: expected a duration such as '14d', from 1m to 9600h, found "14 days"`,
      'graceSeconds: expected a whole number of s from 0 to 60, found 61',
      'maxRetries: expected a whole number of retries from 1 to 1000, found 0',
      "lateRetry: expected 'end' or 'refuse', found another string",
      'grace: expected one of keys, idle, absolute, graceSeconds, maxRetries, lateRetry; did you mean graceSeconds?',
    ]);
  });
});
