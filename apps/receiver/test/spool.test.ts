import { readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock, until } from '@revocast/test-support';
import type { Deliver } from '../src/delivery/deliver.ts';
import type { Delivered } from '../src/delivery/delivery-result.ts';
import type { Effect, Signal } from '../src/signals/index.ts';
import { Spool } from '../src/spool/spool.ts';
import { WaitingMessages } from '../src/spool/waiting-messages.ts';
import { folder } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const down: Delivered = { outcome: 'unavailable', retryAfterMs: 1000, isOwn: false };
const noDirectory: Delivered = { ...down, isOwn: true };
const done: Delivered = { outcome: 'done' };

/** An event about one value; with `resolve` about a subject that is to be looked up. */
function signalOf(value: string, { kind = 'revoke', source = 'sso' } = {}): Signal {
  const effect = kind === 'resolve' ? { kind, identifier: { format: 'email', email: value } } : { kind, target: value };
  return {
    source,
    type: 'logout',
    issuer: 'https://login.example.com',
    eventId: value,
    occurredAtMs: 1,
    receivedAtMs: Date.UTC(2026, 0, 1),
    effects: [effect as unknown as Effect],
  };
}

/** A spool whose deliveries the test ends: `answers` by the values of events; a value without an answer hangs. */
async function open(answers: Map<string, Delivered>, path = folder(cleanUps), maxMessages = 1000) {
  const clock = new FakeClock();
  const full: string[] = [];
  const errors: object[] = [];
  const tried: string[] = [];
  const delivered: string[] = [];
  const pending = new Map<string, (delivered: Delivered) => void>();
  let lost = 0;
  const deliver: Deliver = async ([signal]) => {
    if (signal === undefined || signal.effects.length === 0) return done;
    tried.push(signal.eventId);
    const known = answers.get(signal.eventId);
    if (known === done) delivered.push(signal.eventId);
    return known ?? (await new Promise((resolve) => pending.set(signal.eventId, resolve)));
  };
  const spool = await Spool.open(path, {
    clock,
    deliver,
    maxMessages,
    onFull: (signals) => void full.push(...signals.map(({ eventId }) => eventId)),
    onNotDurable: () => undefined,
    hasSource: (name) => name === 'sso',
    onLost: () => {
      lost += 1;
    },
    log: { info: () => undefined, warn: () => undefined, error: (line: unknown) => void errors.push(line as object) },
  });
  cleanUps.push(async () => {
    for (const resolve of pending.values()) resolve(done);
    await spool.close();
  });
  const files = () => readdirSync(path).filter((name) => /\.(json|bad)$/.test(name));
  const holds = (messages: number) =>
    until(() => spool.status().messages === messages, { what: `a spool with ${messages} messages` });
  return { spool, clock, tried, delivered, pending, path, files, holds, errors, full, lost: () => lost };
}

describe('given a log that does not answer', () => {
  it('answers after 200 ms, when the message is on the disk; the delivery goes on', async () => {
    const { spool, clock, files, pending, holds } = await open(new Map());
    let outcome: string | undefined;
    const answered = spool.deliver([signalOf('a')]).then((delivered) => {
      outcome = delivered.outcome;
    });
    await until(() => files().length === 1, { what: 'a file' });
    await clock.advance(199);
    expect(outcome).toBeUndefined();
    await clock.advance(1);
    await answered;
    expect([outcome, spool.status().messages]).toEqual(['spooled', 1]);
    pending.get('a')?.(done);
    await holds(0);
    await until(() => files().length === 0, { what: 'an empty directory' });
  });

  it('keeps later messages about the same value behind it, and no other', async () => {
    const answers = new Map([['other', done]]);
    const { spool, clock, tried, pending, files, holds } = await open(answers);
    const first = spool.deliver([signalOf('a')]);
    await until(() => files().length === 1, { what: 'a file' });
    await clock.advance(200);
    await first;
    expect(await spool.deliver([signalOf('a')])).toEqual({ outcome: 'spooled' });
    expect(await spool.deliver([signalOf('other')])).toEqual(done);
    await clock.advance(5000);
    expect(tried).toEqual(['a', 'other']);
    answers.set('a', done);
    pending.get('a')?.(done);
    await holds(1);
    await clock.advance(1000);
    await holds(0);
    expect(tried).toEqual(['a', 'other', 'a']);
  });

  it('delivers again what the first delivery could not', async () => {
    const answers = new Map<string, Delivered>();
    const { spool, clock, tried, pending, files, holds } = await open(answers);
    const first = spool.deliver([signalOf('a')]);
    await until(() => files().length === 1, { what: 'a file' });
    await clock.advance(200);
    await first;
    answers.set('a', done);
    pending.get('a')?.(down);
    await until(() => tried.length === 1, { what: 'the first delivery' });
    await clock.advance(1000);
    await holds(0);
    expect(tried).toEqual(['a', 'a']);
  });
});

describe('given messages that wait', () => {
  it('delivers those that need the log only, while the directory does not answer to any number of others', async () => {
    const answers = new Map<string, Delivered>([['logout', down]]);
    const { spool, clock, pending, holds } = await open(answers);
    for (let count = 0; count < 40; count += 1) {
      answers.set(`${count}@example.com`, noDirectory);
      await spool.deliver([signalOf(`${count}@example.com`, { kind: 'resolve' })]);
    }
    await spool.deliver([signalOf('logout')]);
    await holds(41);
    for (let count = 0; count < 40; count += 1) answers.delete(`${count}@example.com`);
    answers.set('logout', done);
    await clock.advance(1000);
    await holds(40);
    await until(() => pending.size === 16, { what: '16 questions at the same time' });
  });

  it('delivers all about one value in their order as soon as the log is back', async () => {
    const answers = new Map<string, Delivered>([['a', down]]);
    const { spool, clock, delivered, holds } = await open(answers);
    for (const eventId of ['1', '2', '3', '4']) {
      answers.set(eventId, down);
      await spool.deliver([{ ...signalOf('a'), eventId }]);
    }
    for (const eventId of ['1', '2', '3', '4']) answers.set(eventId, done);
    await clock.advance(1000);
    await holds(0);
    expect(delivered).toEqual(['1', '2', '3', '4']);
  });

  it('refuses, and reports, what must wait when there is no place', async () => {
    const { spool, full } = await open(new Map([['a', down]]), folder(cleanUps), 1);
    await spool.deliver([signalOf('a')]);
    expect(await spool.deliver([signalOf('a')])).toMatchObject({ outcome: 'unavailable' });
    expect(full).toEqual(['a']);
  });

  it('sets aside, and counts as lost, what a source that is not configured any longer would have to look up', async () => {
    const path = folder(cleanUps);
    const text = JSON.stringify({
      version: 1,
      signals: [signalOf('a@example.com', { kind: 'resolve', source: 'gone' })],
    });
    writeFileSync(join(path, '0000000000000001-0000000000000000.json'), text);
    const { holds, files, lost } = await open(new Map(), path);
    await holds(0);
    await until(() => lost() === 1, { what: 'one lost message' });
    await until(() => files().some((name) => name.endsWith('.bad')), { what: 'the file set aside' });
  });

  it('keeps a message whose file cannot be read now', async () => {
    const answers = new Map<string, Delivered>([['a', down]]);
    const { spool, clock, tried, path, holds, errors, lost } = await open(answers);
    await spool.deliver([signalOf('a')]);
    await until(() => tried.length === 2, { what: 'the first attempt' });
    answers.set('a', done);
    renameSync(path, `${path}-away`);
    writeFileSync(path, 'not a directory');
    await clock.advance(1000);
    await until(() => errors.length > 0, { what: 'an error in the log' });
    expect([spool.status().messages, lost(), errors]).toEqual([1, 0, [{ code: 'ENOTDIR' }]]);
    unlinkSync(path);
    renameSync(`${path}-away`, path);
    await clock.advance(1000);
    await holds(0);
  });

  it('says when the oldest was received, however many they are', () => {
    const waiting = new WaitingMessages();
    expect(waiting.oldestAtMs()).toBeUndefined();
    const signal = signalOf('a');
    for (let count = 0; count < 150_000; count += 1) waiting.add(`${count}`, [{ ...signal, receivedAtMs: count + 7 }]);
    expect(waiting.oldestAtMs()).toBe(7);
  });
});
