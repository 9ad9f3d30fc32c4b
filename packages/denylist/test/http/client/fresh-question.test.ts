import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { until } from '@revocast/test-support/until';
import { FreshQuestion } from '../../../src/http/client/fresh-question.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const feed = '0123456789abcdef';
let server: ScriptedServer;
let clock: FakeClock;
let asked: ServerResponse[];
let question: FreshQuestion;

beforeEach(async () => {
  clock = new FakeClock({ monotonicMs: 100_000 });
  asked = [];
  server = await startScriptedServer((_, response) => asked.push(response));
  question = new FreshQuestion({ source: server.source, signal: new AbortController().signal }, clock);
});
afterEach(() => server.close());

/** Asks, lets `roundTripMs` pass, answers, and waits until the answer was read. */
async function askAndAnswer(body: unknown, { roundTripMs = 0, status = 200 } = {}): Promise<void> {
  question.ask();
  await until(() => asked.length > 0, { what: 'the question' });
  await clock.advance(roundTripMs);
  const response = asked.shift();
  response?.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  // A second question is sent only when the first is settled.
  await until(
    async () => {
      question.ask();
      return asked.length > 0;
    },
    { what: 'the answer to be read', everyMs: 1 },
  );
}

describe('the proof of a sidecar on another host', () => {
  it('is our own time before asking, less the age it tells', async () => {
    const position = `${feed}.7`;
    await askAndAnswer({ position, ageMs: 300, logNowMs: 5_000_000 }, { roundTripMs: 40 });
    expect(question.answerFor(position)).toEqual({
      provenAtMs: 100_000 - 300,
      logTime: { logMs: 5_000_000, monotonicMs: 100_020, roundTripMs: 40 },
    });
  });

  it.each([
    ['behind', 6, false],
    ['at', 7, true],
    ['beyond', 8, true],
  ])('counts for a reader %s the change it speaks of', async (_, n, counts) => {
    await askAndAnswer({ position: `${feed}.7`, ageMs: 0 });
    expect(question.answerFor(`${feed}.${n}`)).toEqual(counts ? { provenAtMs: 100_000 } : {});
  });

  it('has no time of the log when it tells an infinite one, and is no proof with an infinite age', async () => {
    await askAndAnswer(`{"position":"${feed}.7","ageMs":0,"logNowMs":1e999}`);
    expect(question.answerFor(`${feed}.7`)).toEqual({ provenAtMs: 100_000 });
    asked = [];
    question = new FreshQuestion({ source: server.source, signal: new AbortController().signal }, clock);
    await askAndAnswer(`{"position":"${feed}.7","ageMs":1e999}`);
    expect(question.answerFor(`${feed}.7`)).toEqual({});
  });

  it('waits for a reader that has not come so far', async () => {
    await askAndAnswer({ position: `${feed}.7`, ageMs: 0 });
    expect(question.answerFor(`${feed}.6`)).toEqual({});
    expect(question.answerFor(`${feed}.7`)).toEqual({ provenAtMs: 100_000 });
  });

  it('counts once', async () => {
    await askAndAnswer({ position: `${feed}.7`, ageMs: 0 });
    question.answerFor(`${feed}.7`);
    expect(question.answerFor(`${feed}.7`)).toEqual({});
  });

  it('of another life of the sidecar says nothing of this one', async () => {
    await askAndAnswer({ position: `${'f'.repeat(16)}.1`, ageMs: 0 });
    expect(question.answerFor(`${feed}.7`)).toEqual({});
  });

  it.each([
    ['a sidecar that is not fresh', { error: 'not_fresh' }, 503],
    ['a proof behind a failure', { position: `${feed}.1`, ageMs: 0 }, 500],
    ['no JSON', 'soon', 200],
    ['no object', 'null', 200],
    ['no position', { ageMs: 0 }, 200],
    ['no age', { position: `${feed}.1` }, 200],
    ['an age of the future', { position: `${feed}.1`, ageMs: -5 }, 200],
    ['an age that is no number', { position: `${feed}.1`, ageMs: '0' }, 200],
    ['an answer without end', 'x'.repeat(5000), 200],
  ])('is not taken from %s', async (_, body, status) => {
    await askAndAnswer(body, { status });
    expect(question.answerFor(`${feed}.7`)).toEqual({});
  });

  it('is asked for once at a time', async () => {
    for (let index = 0; index < 10; index++) question.ask();
    await until(() => asked.length > 0, { what: 'the question' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
  });
});
