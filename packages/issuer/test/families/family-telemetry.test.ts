import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle, memoryStore } from '@revocast/issuer';
import { FakeClock } from '@revocast/test-support';
import { Registry } from 'prom-client';
import { familyOutcomes } from '../../src/families/family-observer.ts';
import { observeFamilies } from '../../src/families/observe-families.ts';
import { secretOf } from './keys-of-test.ts';

const issuer = 'https://login.example.com/';
const use = { client: 'shop', accessSeconds: 900 };
const keys = [{ id: 1, secret: secretOf('key 1') }];

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function createWorld() {
  const registry = new Registry();
  const clock = new FakeClock();
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer, log, store: memoryStore({ clock }), metrics: { registry } });
  opened.push(log, lifecycle);
  const families = lifecycle.families({ keys });
  const scrape = () => registry.metrics();
  /** The series of a metric with their values. */
  const read = async (name: string) =>
    Object.fromEntries(
      (await scrape())
        .split('\n')
        .filter((line) => line.startsWith(`revocast_${name}{`) || line.startsWith(`revocast_${name} `))
        .map((line) => [
          [...line.matchAll(/="([^"]*)"/g)].map(([, value]) => value).join(' '),
          Number(line.split(' ').at(-1)),
        ]),
    );
  return { families, clock, read, scrape };
}

describe('the metrics of refresh families', () => {
  it('begin at 0, with every outcome', async () => {
    const { read } = await createWorld();
    expect(await read('refresh_outcomes_total')).toEqual(Object.fromEntries(familyOutcomes.map((name) => [name, 0])));
    expect(await read('refresh_shadowed_total')).toEqual({ '': 0 });
    expect(await read('store_rows')).toEqual({
      'family active': 0,
      'family ended': 0,
      'outbox active': 0,
      'outbox ended': 0,
    });
    expect(await read('collected_total')).toEqual({ expired: 0, family: 0, outbox: 0 });
  });

  it('count what is shown, what is shadowed, and the rows, without naming anybody', async () => {
    const { families, clock, read, scrape } = await createWorld();
    const first = await families.open({ subject: 'alice@example.com', session: 'sid-of-alice', ...use });
    let token = first.refreshToken;
    for (let generation = 0; generation < 3; generation++) {
      const rotated = await families.present(token, use);
      await families.present(token, use);
      if (rotated.ok) token = rotated.refreshToken;
    }
    await families.present('garbage', use);
    await families.present(token, { ...use, client: 'other' });
    await families.present(first.refreshToken, use);
    await clock.advance(1);
    expect(await read('refresh_outcomes_total')).toMatchObject({
      rotated: 3,
      retried: 3,
      unknown: 1,
      client_mismatch: 1,
      replayed: 1,
      ended: 0,
    });
    expect(await read('refresh_shadowed_total')).toEqual({ '': 1 });
    expect(await read('store_rows')).toMatchObject({ 'family active': 0, 'family ended': 1, 'outbox ended': 1 });
    const text = await scrape();
    for (const secret of ['alice', 'sid-of', token, first.grant]) expect(text.includes(secret)).toBe(false);
  });

  it('say when the collector has succeeded', async () => {
    const { read } = await createWorld();
    const [at = 0] = Object.values(await read('collector_last_success_timestamp_seconds'));
    expect(at).toBeGreaterThan(1_700_000_000);
  });
});

it('tell the token observer what a refresh was', () => {
  const answers: object[] = [];
  const observer = observeFamilies(
    { answered: (answer) => answers.push({ result: answer.result, kind: answer.refreshKind }), reused: () => {} },
    { shown: () => {}, shadowed: () => {} },
  );
  observer.refreshed({ outcome: 'rotated', client: 'shop', nowMs: 1000 });
  observer.refreshed({ outcome: 'retried', client: 'shop', nowMs: 1000 });
  for (const outcome of ['replayed', 'late_retry', 'throttled', 'expired', 'store_unavailable'] as const) {
    observer.refused({ outcome, client: 'shop' });
  }
  expect(answers).toEqual([
    { result: 'success', kind: undefined },
    { result: 'success', kind: 'retried' },
    { result: 'invalid_grant', kind: 'replayed' },
    { result: 'invalid_grant', kind: 'late_retry' },
    { result: 'slow_down', kind: 'throttled' },
    { result: 'invalid_grant', kind: undefined },
    { result: 'server_error', kind: undefined },
  ]);
});
