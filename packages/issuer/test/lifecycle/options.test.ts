import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createLifecycle, type LifecycleOptions, memoryStore } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';

const issuer = 'https://login.example.com/';
let publisher: Publisher;
beforeAll(async () => {
  publisher = await createPublisher('memory:');
});
afterAll(() => publisher.close());

/** Options as JavaScript can pass them. */
const as = <Value>(value: unknown) => value as Value;
const pool = { query: async () => ({ rows: [] }), connect: async () => Promise.reject(new Error('unused')) };

describe('createLifecycle', () => {
  it.each([
    [{ issuer: '' }, 'issuer: expected the iss of the tokens'],
    [{ issuer: undefined }, 'issuer: expected the iss of the tokens'],
    [{ log: {} }, 'log: expected a URL or a publisher'],
    [{ log: 'ftp://x' }, 'ftp'],
    [{ publisher: {} }, 'publisher: expected none'],
    [{ store: {} }, 'store: expected memoryStore() or postgresStore(pool)'],
    [{ worker: 'yes' }, 'worker: expected true or false'],
    [{ issuerSpreadSeconds: 61 }, 'issuerSpreadSeconds: expected a whole number of s from 0 to 60'],
    [{ issuerSpreadSeconds: 0.5 }, 'issuerSpreadSeconds: expected a whole number'],
    [{ metrics: {} }, 'metrics: expected { registry }'],
    [{ openTelemetry: {} }, 'openTelemetry: expected the exports of @opentelemetry/api'],
    [{ clientClasses: [] }, 'clientClasses: expected an object'],
    [{ clientClasses: { 'a b': [] } }, 'clientClasses: expected names'],
    [{ clientClasses: { spa: 'shop' } }, 'clientClasses: expected an array of client ids for spa'],
    [
      { clientClasses: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`c${index}`, []])) },
      'clientClasses: expected at most 20 classes, found 21',
    ],
    [{ countActive: 3 }, 'countActive: expected a function'],
    [{ onStorm: true }, 'onStorm: expected a function'],
    [{ Store: memoryStore() }, 'unknown option "Store"; did you mean store?'],
  ])('refuses %j by name', async (options, text) => {
    await expect(createLifecycle(as<LifecycleOptions>({ issuer, log: publisher, ...options }))).rejects.toThrow(text);
  });

  it('takes undefined for absent', async () => {
    const absent = { store: undefined, worker: undefined, metrics: undefined, clientClasses: undefined };
    const lifecycle = await createLifecycle({ issuer, log: publisher, ...absent, issuerSpreadSeconds: undefined });
    await lifecycle.close();
  });
});

describe('a store', () => {
  it.each([
    { create: () => memoryStore({ maxRows: 0 }), text: 'maxRows: expected a whole number of rows from 1' },
    { create: () => memoryStore(as({ maxrows: 1 })), text: 'unknown option "maxrows"; did you mean maxRows?' },
    { create: () => postgresStore(as({})), text: 'pool: expected a Pool of pg' },
    { create: () => postgresStore(as(pool), { schema: 'a"b' }), text: 'schema: expected 1–63 lower-case letters' },
    {
      create: () => postgresStore(as(pool), { timeoutMs: 99 }),
      text: 'timeoutMs: expected a whole number of ms from 100',
    },
    { create: () => postgresStore(as(pool), as({ listen: 1 })), text: 'listen: expected true or false' },
    { create: () => postgresStore(as(pool), as({ timeout: 1 })), text: 'unknown option "timeout"' },
  ])('is refused with its name: $text', ({ create, text }) => {
    expect(create).toThrow(text);
  });

  it('in memory is full at its bound, and notes nothing of an event that does not fit', async () => {
    const { outbox } = memoryStore({ maxRows: 1 });
    const row = {
      target: '00',
      statement: { kind: 'lift', target: { issuer, subject: 's' } },
      occurredAtMs: undefined,
    } as const;
    await outbox.add([{ ...row, id: 'a' }]);
    await expect(outbox.add([{ ...row, id: 'b' }])).rejects.toMatchObject({ code: 'store_full' });
    expect(await outbox.read(['a', 'b'], {})).toEqual(['pending', 'unknown']);
  });
});

describe('report', () => {
  const event = { type: 'session_ended', session: 's' } as const;
  it.each([
    [{ waitMs: -1 }, 'waitMs: expected a whole number of ms from 0 to 60000'],
    [{ waitMs: 60_001 }, 'waitMs: expected a whole number of ms from 0 to 60000'],
    [{ transaction: {} }, 'unknown option "transaction"'],
    [{ tx: { query: async () => ({ rows: [] }) } }, 'tx: expected a store that can be part of the transaction'],
  ])('refuses %j by name, and notes nothing', async (options, text) => {
    const store = memoryStore();
    const lifecycle = await createLifecycle({ issuer, log: publisher, store, worker: false });
    await expect(lifecycle.report(event, as(options))).rejects.toThrow(text);
    expect((await store.outbox.figures()).pending).toBe(0);
    await lifecycle.close();
  });

  it('refuses an event in the future, beyond the bound of a clock that is ahead', async () => {
    const lifecycle = await createLifecycle({ issuer, log: publisher, store: memoryStore() });
    const inSeconds = (seconds: number) => ({ ...event, at: new Date(Date.now() + seconds * 1000) });
    expect((await lifecycle.report(inSeconds(55))).state).toBe('logged');
    await expect(lifecycle.report(inSeconds(65))).rejects.toThrow(
      'event.at: expected a time at most 60 s in the future',
    );
    await lifecycle.close();
  });
});
