import { beforeAll, expect, it } from '@jest/globals';
import { createLifecycle, type Families, type Lifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { Registry } from 'prom-client';
import { backUp } from '../postgres/back-up.ts';
import { usePostgres } from '../postgres/use-postgres.ts';
import { type RecordedLog, recordedLog } from '../recorded-log.ts';
import { secretOf } from './keys-of-test.ts';

const issuer = 'https://login.example.com/';
const use = { client: 'shop', accessSeconds: 900 };
const registry = new Registry();

const database = usePostgres();
let log: RecordedLog;
let lifecycle: Lifecycle;
let families: Families;

beforeAll(async () => {
  log = database.closeFirst(await recordedLog());
  const store = postgresStore(database.pool);
  lifecycle = database.closeFirst(await createLifecycle({ issuer, log, store, metrics: { registry } }));
  families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
}, 60_000);

const openFor = async (subject: string) =>
  (await families.open({ subject, session: `session of ${subject}`, ...use })).refreshToken;

/** The newest token after so many refreshes. */
async function refreshTimes(token: string, times: number): Promise<string> {
  let newest = token;
  for (let count = 0; count < times; count++) {
    const answer = await families.present(newest, use);
    if (!answer.ok) throw new Error(`expected a token, found the refusal ${answer.outcome}`);
    newest = answer.refreshToken;
  }
  return newest;
}

const outcomeOf = async (token: string) => (await families.present(token, use)).outcome;

it('a backup of fifty refreshes ago is a lost write, never a theft, and endOpenedBefore ends what it brought back', async () => {
  const spent = await refreshTimes(await openFor('alice'), 3);
  const [tab, phone, signedOut] = await Promise.all([openFor('bob'), openFor('carol'), openFor('dave')]);
  const backup = await backUp(database);
  const fiftyLater = await refreshTimes(spent, 50);
  const oneLater = await refreshTimes(tab, 1);
  const signedInSince = await openFor('erin');
  await lifecycle.report({ type: 'session_ended', session: 'session of dave' });
  const revocations = log.written.length;
  await backup.restore();
  const restoredAt = new Date();

  expect({
    'fifty refreshes later': await outcomeOf(fiftyLater),
    'the same again': await outcomeOf(fiftyLater),
    'one refresh later': await outcomeOf(oneLater),
    'signed in since the backup': await outcomeOf(signedInSince),
    // What the restore has brought back.
    'not refreshed since': await outcomeOf(phone),
    'signed out since': await outcomeOf(signedOut),
  }).toEqual({
    'fifty refreshes later': 'store_lost',
    'the same again': 'ended',
    'one refresh later': 'store_lost',
    'signed in since the backup': 'unknown',
    'not refreshed since': 'rotated',
    'signed out since': 'rotated',
  });
  const after = await openFor('frank');
  expect(await families.endOpenedBefore(restoredAt)).toBe(2);
  expect([await outcomeOf(phone), await outcomeOf(signedOut), await outcomeOf(after)]).toEqual([
    'ended',
    'ended',
    'rotated',
  ]);

  // No revocation of a theft, and nothing that the alerts about theft read.
  expect(log.written.length).toBe(revocations);
  const text = await registry.metrics();
  expect(text).toContain('revocast_refresh_outcomes_total{outcome="store_lost"} 2');
  for (const outcome of ['replayed', 'late_retry']) {
    expect(text).toContain(`revocast_refresh_outcomes_total{outcome="${outcome}"} 0`);
  }
});
