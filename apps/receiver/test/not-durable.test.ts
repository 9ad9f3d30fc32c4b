import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LogError, type LogErrorCode, type Publisher } from '@revocast/denylist';
import { FakeClock, until } from '@revocast/test-support';
import type { Source } from '../src/config/source-list.ts';
import { rememberedStates } from '../src/delivery/account-states.ts';
import { createDeliver } from '../src/delivery/deliver.ts';
import { receive } from '../src/delivery/receive.ts';
import type { Signal } from '../src/signals/index.ts';
import { Spool } from '../src/spool/spool.ts';
import type { SignalCounter } from '../src/telemetry/count-signals.ts';
import { folder } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const about = { issuer: 'https://login.example.com', subject: 'alice' };
const signal: Signal = {
  source: 'sso',
  type: 'logout',
  issuer: about.issuer,
  eventId: 'e',
  occurredAtMs: 1,
  receivedAtMs: 1,
  effects: [
    {
      kind: 'revoke',
      id: 'an-id',
      target: 'a-target',
      revocation: { ...about, reason: 'logout', issuedUpTo: 1 },
      isWidened: true,
      isLate: false,
    },
  ],
};

/** A receiver, and a log whose answer the test changes; undefined: on enough copies. */
async function open({ withSpool = true } = {}) {
  const path = folder(cleanUps);
  const clock = new FakeClock();
  const ids: (string | undefined)[] = [];
  const counted: string[] = [];
  const log: { answer: LogErrorCode | undefined } = { answer: 'not_durable' };
  const publisher = {
    revoke: async (_revocation: unknown, { id }: { id?: string } = {}) => {
      ids.push(id);
      if (log.answer !== undefined) throw new LogError(log.answer, 'as the test wants');
    },
  } as unknown as Publisher;
  const silent = () => undefined;
  const counter = {
    received: silent,
    signalDelivered: (_signal: unknown, result: string) => void counted.push(result),
    widened: () => void counted.push('widened'),
  } as unknown as SignalCounter;
  const nowMs = () => clock.wallMs();
  const deliver = createDeliver({
    publisher,
    states: rememberedStates(),
    sources: new Map(),
    observer: counter,
    nowMs,
    log: { warn: silent },
  });
  const openSpool = async () => {
    const spool = await Spool.open(path, {
      clock,
      deliver,
      maxMessages: 10,
      hasSource: () => true,
      onFull: silent,
      onNotDurable: (signals) => void counted.push(...signals.map(() => 'not_durable')),
      onLost: silent,
      log: { info: silent, warn: silent, error: silent },
    });
    cleanUps.push(() => spool.close());
    return spool;
  };
  const spool = withSpool ? await openSpool() : undefined;
  const send = async () => {
    const source = { name: 'sso', kind: 'backchannel-logout' } as Source;
    return await receive(source, { outcome: 'accepted', signals: [signal] }, { deliver, counter, spool, nowMs });
  };
  const files = () => readdirSync(path).filter((name) => name.endsWith('.json')).length;
  const retry = async () => {
    const before = ids.length;
    await clock.advance(5000);
    await until(() => ids.length > before, { what: 'another attempt' });
  };
  return { log, clock, ids, counted, send, files, retry, spool, openSpool };
}

describe('given a log that has too few copies', () => {
  it('answers 2xx, and writes the same id again until the copies have it', async () => {
    const { log, ids, counted, send, files, retry, spool } = await open();
    expect(await send()).toEqual({ outcome: 'done' });
    expect([files(), spool?.status().messages, counted]).toEqual([1, 0, ['widened']]);
    await retry();
    expect([files(), counted]).toEqual([1, ['widened']]);
    log.answer = undefined;
    await retry();
    await until(() => files() === 0, { what: 'the end of the file' });
    expect([ids, counted]).toEqual([
      ['an-id', 'an-id', 'an-id'],
      ['widened', 'logged'],
    ]);
  });

  it('ends after five minutes, and counts it then', async () => {
    const { ids, counted, send, files, retry } = await open();
    await send();
    for (let attempt = 1; attempt < 60; attempt += 1) await retry();
    expect([files(), counted]).toEqual([1, ['widened']]);
    await retry();
    await until(() => files() === 0, { what: 'the end of the file' });
    expect([ids.length, counted]).toEqual([61, ['widened', 'not_durable']]);
  });

  it('keeps it for as long as the log is away', async () => {
    const { log, counted, send, files, retry } = await open();
    await send();
    log.answer = 'unavailable';
    for (let attempt = 0; attempt < 70; attempt += 1) await retry();
    expect(files()).toBe(1);
    log.answer = undefined;
    await retry();
    await until(() => files() === 0, { what: 'the end of the file' });
    expect(counted.filter((result) => result !== 'unavailable')).toEqual(['widened', 'logged']);
  });

  it('lets no later message about the value wait', async () => {
    const { ids, send, files } = await open();
    await send();
    expect(await send()).toEqual({ outcome: 'done' });
    expect([ids.length, files()]).toEqual([2, 2]);
  });

  it('goes on after a restart', async () => {
    const { log, ids, send, files, spool, openSpool } = await open();
    await send();
    await spool?.close();
    expect(files()).toBe(1);
    log.answer = undefined;
    await openSpool();
    await until(() => files() === 0, { what: 'the end of the file' });
    expect(ids).toEqual(['an-id', 'an-id']);
  });

  it('counts it at once without a spool', async () => {
    const { counted, send } = await open({ withSpool: false });
    expect(await send()).toEqual({ outcome: 'done' });
    expect(counted).toEqual(['widened', 'not_durable']);
  });
});
