import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import type { Answer } from '../src/listeners/answers.ts';
import type { HttpAnswer } from '../src/streams/http-client.ts';
import { pollStream } from '../src/streams/poll-stream.ts';

const stopping = new Set<AbortController>();
afterEach(() => {
  for (const stop of stopping) stop.abort();
});

interface Asked {
  readonly maxEvents: number;
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, { readonly err: string }>>;
}

interface Sent {
  readonly sets: Readonly<Record<string, string>>;
  readonly moreAvailable?: boolean;
}

/** More requests than any of these tests needs: a loop without a pause ends here. */
const mostRequests = 2000;
const done: Answer = { outcome: 'done' };
const later = (retryAfterMs: number, status: 429 | 503 = 503): Answer => ({
  outcome: 'unavailable',
  status,
  retryAfterMs,
});

/** Polls a transmitter that answers by `send`; a SET becomes what `take` says of its text. */
function poll(send: (asked: Asked) => Sent, take: (token: string) => Answer = () => done) {
  const clock = new FakeClock();
  const stop = new AbortController();
  stopping.add(stop);
  const asked: Asked[] = [];
  const read: string[] = [];
  const counts = { keysGone: 0 };
  void pollStream({
    client: {
      document: async () => undefined,
      async request({ json }): Promise<HttpAnswer> {
        if (asked.length === mostRequests) return await new Promise(() => undefined);
        const request = json as unknown as Asked;
        asked.push(request);
        return { status: 200, json: send(request) };
      },
    },
    pollUrl: () => 'https://idp.example/poll',
    async read(token) {
      read.push(token);
      return async () => take(token);
    },
    clock,
    random: () => 0.5,
    signal: stop.signal,
    onFailure: Object.assign(() => undefined, { forget: () => undefined }),
    onBacklog: () => undefined,
    onKeyGone: () => {
      counts.keysGone += 1;
    },
  });
  return { clock, asked, read, counts };
}

/** A transmitter that keeps SETs until they are acknowledged or refused, the oldest first. */
function queueOf(keys: readonly string[]) {
  const pending = new Set(keys);
  const send = ({ maxEvents, ack, setErrs }: Asked): Sent => {
    for (const key of [...ack, ...Object.keys(setErrs)]) pending.delete(key);
    const sent = [...pending].slice(0, maxEvents);
    return { sets: Object.fromEntries(sent.map((key) => [key, key])), moreAvailable: pending.size > sent.length };
  };
  return { pending, send };
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('the requests of a polled stream', () => {
  it('contain what RFC 8936 defines, and nothing else', async () => {
    const { send } = queueOf(['a']);
    const { clock, asked } = poll(send);
    await clock.advance(0);
    expect(asked.slice(0, 2)).toEqual([
      { maxEvents: 100, returnImmediately: false, ack: [], setErrs: {} },
      { maxEvents: 100, returnImmediately: false, ack: ['a'], setErrs: {} },
    ]);
  });

  it('refuse a SET whose name is that of a member of each object', async () => {
    const sets = JSON.parse('{"__proto__":"bad"}') as Record<string, string>;
    const { clock, asked } = poll(
      () => ({ sets }),
      () => ({ outcome: 'refused', reason: 'wrong_audience' }),
    );
    await clock.advance(0);
    expect(JSON.stringify(asked[1])).toContain('"setErrs":{"__proto__":{"err":"invalid_audience"');
  });

  it.each([
    ['is empty although there is more', { sets: {}, moreAvailable: true }, done],
    ['repeats an acknowledged SET', { sets: { a: 'a' } }, done],
    ['repeats a refused SET', { sets: { a: 'a' } }, { outcome: 'refused', reason: 'wrong_audience' } as const],
    ['repeats a SET that cannot be logged', { sets: { a: 'a' }, moreAvailable: true }, later(1000)],
  ])('come once a second while the answer %s', async (_what, answer, taken) => {
    const { clock, asked } = poll(
      () => answer,
      () => taken,
    );
    await clock.advance(10_000);
    expect(asked.length).toBeGreaterThan(9);
    expect(asked.length).toBeLessThan(13);
  });

  it('have no pause between answers that each bring something new', async () => {
    const { send, pending } = queueOf(named('a', 950));
    const { clock } = poll(send);
    await clock.advance(0);
    expect(pending.size).toBe(0);
  });
});

describe('a SET that cannot be logged now', () => {
  it('delays no other SET, and is not read again before its time', async () => {
    const { send, pending } = queueOf(['stuck']);
    const { clock, read } = poll(send, (token) => (token === 'stuck' ? later(60_000) : done));
    for (const key of named('good', 10)) {
      pending.add(key);
      await clock.advance(2000);
      expect([...pending]).toEqual(['stuck']);
    }
    expect(read.filter((token) => token === 'stuck')).toHaveLength(1);
    await clock.advance(45_000);
    expect(read.filter((token) => token === 'stuck')).toHaveLength(2);
  });

  it('leaves room for later SETs, also beside hundreds of its kind', async () => {
    const { send, pending } = queueOf([...named('stuck', 350), ...named('good', 500)]);
    const { clock, asked } = poll(send, (token) => (token.startsWith('stuck') ? later(5000) : done));
    await clock.advance(20_000);
    expect([...pending]).toEqual(named('stuck', 350));
    expect(Math.max(...asked.map(({ maxEvents }) => maxEvents))).toBe(450);
  });

  it('makes no request longer than 1,000 SETs', async () => {
    const { send } = queueOf(named('stuck', 1500));
    const { clock, asked } = poll(send, () => later(5000));
    await clock.advance(30_000);
    expect(asked.at(-1)?.maxEvents).toBe(1000);
  });
});

describe('a SET whose key is unknown', () => {
  it('is refused after ten minutes, and counted', async () => {
    const { send, pending } = queueOf(['gone']);
    const { clock, asked, counts } = poll(send, () => later(30_000, 429));
    await clock.advance(590_000);
    expect([pending.size, counts.keysGone]).toEqual([1, 0]);
    await clock.advance(60_000);
    expect([pending.size, counts.keysGone]).toEqual([0, 1]);
    expect(asked.find(({ setErrs }) => 'gone' in setErrs)?.setErrs['gone']?.err).toBe('invalid_key');
  });

  it('is kept while the keys cannot be fetched: nothing is known about it', async () => {
    const { send, pending } = queueOf(['kept']);
    let attempts = 0;
    const { clock, counts } = poll(send, () => {
      attempts += 1;
      return later(30_000, attempts % 5 === 0 ? 503 : 429);
    });
    await clock.advance(3_600_000);
    expect([pending.size, counts.keysGone]).toEqual([1, 0]);
  });
});
