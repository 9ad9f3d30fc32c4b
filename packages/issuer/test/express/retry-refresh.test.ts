import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import type express from 'express';
// @ts-expect-error: the alias has no types; Express 4 is typed as Express 5.
import express4 from 'express4';
import { Redis } from 'ioredis';
import { type RetryResult, retryRefresh } from '../../src/express/retry-refresh.ts';
import { memoryRetryStore, type RetryStore, redisRetryStore } from '../../src/express/retry-refresh-store.ts';
import { type Middleware, refresh, startProvider, type TokenEndpoint } from './token-endpoint.ts';

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { commandTimeout: 2000 });
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const opened: TokenEndpoint[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
async function start(handler?: Middleware): Promise<TokenEndpoint> {
  const provider = await startProvider(handler);
  opened.push(provider);
  return provider;
}

describe.each([
  ['Redis', () => redisRetryStore(redis), 50],
  ['memory', () => memoryRetryStore(), 5],
])('retryRefresh before oidc-provider, with %s', (_, createStore, expiries) => {
  it('answers a retry after a lost answer with the same tokens, which work', async () => {
    const results: RetryResult[] = [];
    const provider = await start(retryRefresh({ store: createStore(), onResult: (result) => results.push(result) }));
    const token = await provider.signIn();
    const lost = await refresh(provider, token);
    const retried = await refresh(provider, token);
    expect({ lost: lost.status, retried: retried.status }).toEqual({ lost: 200, retried: 200 });
    expect(retried.body).toEqual(lost.body);
    expect(retried.headers.get('content-type')).toBe(lost.headers.get('content-type'));
    expect(retried.headers.get('cache-control')).toBe('no-store');
    expect(results).toEqual(['first', 'repeated']);
    const next = await refresh(provider, retried.body.refresh_token ?? '');
    expect(next.status).toBe(200);
  });

  it('keeps eight tabs signed in, expiry after expiry', async () => {
    const provider = await start(retryRefresh({ store: createStore() }));
    let token = await provider.signIn();
    for (let expiry = 0; expiry < expiries; expiry++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(provider, token)));
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      const tokens = new Set(answers.map(({ body }) => body.refresh_token));
      expect(tokens.size).toBe(1);
      token = answers[0]?.body.refresh_token ?? '';
    }
    expect(provider.seen.count).toBe(expiries);
  });

  it('sends a request that was refused to the server again', async () => {
    const provider = await start(retryRefresh({ store: createStore() }));
    const answers = [await refresh(provider, 'x'.repeat(43)), await refresh(provider, 'x'.repeat(43))];
    expect(answers.map(({ status, body }) => ({ status, error: body.error }))).toEqual([
      { status: 400, error: 'invalid_grant' },
      { status: 400, error: 'invalid_grant' },
    ]);
    expect(provider.seen.count).toBe(2);
  });

  it('finishes the refresh of a client that has gone away, for its retry', async () => {
    const front = retryRefresh({ store: createStore() });
    let hasLeft = false;
    const provider = await start((request, response, next) => {
      response.once('close', () => {
        hasLeft = true;
      });
      front(request, response, next);
    });
    const token = await provider.signIn();
    let proceed: (() => void) | undefined;
    provider.pauses.beforeConsume = () =>
      new Promise((resolve) => {
        proceed = resolve;
      });
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'shop',
      refresh_token: token,
    }).toString();
    const gone = httpRequest(`${provider.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length },
    });
    gone.on('error', () => {});
    gone.end(form);
    const spend = await until(() => proceed, { what: 'the server to spend the token' });
    gone.destroy();
    await until(() => hasLeft, { what: 'the server to see that the client is gone' });
    provider.pauses.beforeConsume = undefined;
    spend();
    const retried = await refresh(provider, token);
    expect({ status: retried.status, seen: provider.seen.count }).toEqual({ status: 200, seen: 1 });
    expect((await refresh(provider, retried.body.refresh_token ?? '')).status).toBe(200);
  });
});

describe('retryRefresh', () => {
  /** A server that answers each request with its number. */
  async function startCounter(
    store: RetryStore,
    options: { whenStoreFails?: 'refuse' | 'pass'; waitMs?: number } = {},
  ) {
    let count = 0;
    const front = retryRefresh({ store, ...options });
    const endpoint = await start((request, response) => {
      front(request, response, () => {
        request.resume();
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ refresh_token: String(count++) }));
      });
    });
    return async (part: Parameters<typeof refresh>[2] = {}) => {
      const { status, body } = await refresh(endpoint, 'a refresh token of 16 characters or more', part);
      return body.refresh_token ?? status;
    };
  }

  const differing: [string, Parameters<typeof refresh>[2]][] = [
    ['another client', { form: { client_id: 'app' } }],
    ['another scope', { form: { scope: 'orders' } }],
    ['another secret', { form: { client_secret: 's' } }],
    ['other credentials', { headers: { authorization: 'Basic YTpi' } }],
    ['another origin', { headers: { origin: 'https://app.example.com' } }],
    ['a proof of another key', { headers: { dpop: `${Buffer.from('{"jwk":{"x":"1"}}').toString('base64url')}.e.s` } }],
  ];
  it.each(differing)('gives an answer to no request with %s', async (_, part) => {
    const ask = await startCounter(memoryRetryStore());
    expect([await ask(), await ask(part), await ask(), await ask(part)]).toEqual(['0', '1', '0', '1']);
  });

  it('knows two proofs of one key as the same client', async () => {
    const ask = await startCounter(memoryRetryStore());
    const header = Buffer.from('{"jwk":{"x":"1","y":"2"},"alg":"ES256"}').toString('base64url');
    const other = Buffer.from('{"alg":"ES256","jwk":{"y":"2","x":"1"}}').toString('base64url');
    const answers = [
      await ask({ headers: { dpop: `${header}.first.s` } }),
      await ask({ headers: { dpop: `${other}.second.s` } }),
    ];
    expect(answers).toEqual(['0', '0']);
  });

  const passing: [string, Parameters<typeof refresh>[2]][] = [
    ['another grant type', { form: { grant_type: 'authorization_code' } }],
    ['an assertion', { form: { client_assertion_type: 'jwt', client_assertion: 'a' } }],
    ['an attestation', { headers: { 'oauth-client-attestation': 'a' } }],
    ['a certificate that a proxy has seen', { headers: { 'client-cert': ':a:' } }],
    ['another content type', { headers: { 'content-type': 'application/json' } }],
    ['a token that is too short to be one', { form: { refresh_token: 'short' } }],
    ['a body of more than 32 KiB', { form: { scope: 'x'.repeat(33_000) } }],
  ];
  it.each(passing)('lets every request pass with %s', async (_, part) => {
    const ask = await startCounter(memoryRetryStore());
    expect([await ask(part), await ask(part)]).toEqual(['0', '1']);
  });

  it.each(['json', 'urlencoded'] as const)('reads the form in Express 4 behind express.%s()', async (parser) => {
    let count = 0;
    const app = (express4 as typeof express)();
    app.use(parser === 'json' ? express4.json() : express4.urlencoded({ extended: false }));
    app.use(retryRefresh({ store: memoryRetryStore() }), (_request, response) => {
      response.json({ refresh_token: String(count++) });
    });
    const endpoint = await start((request, response) => void app(request, response));
    const ask = async () => (await refresh(endpoint, 'a refresh token of 16 characters or more')).body.refresh_token;
    expect([await ask(), await ask()]).toEqual(['0', '0']);
  });

  const failing: RetryStore = {
    claim: async () => Promise.reject(new Error('down')),
    answer: async () => {},
    release: async () => {},
  };
  it('answers 503 while the store is down, or lets the server answer', async () => {
    expect(await (await startCounter(failing))()).toBe(503);
    expect(await (await startCounter(failing, { whenStoreFails: 'pass' }))()).toBe('0');
  });

  it('answers 503 when the store does not answer, and gives up a claim that comes too late', async () => {
    const restored = new AbortController();
    const released: string[] = [];
    const slow: RetryStore = {
      ...failing,
      async claim() {
        await once(restored.signal, 'abort');
        return { state: 'first' };
      },
      release: async (id) => void released.push(id),
    };
    expect(await (await startCounter(slow, { waitMs: 0 }))()).toBe(503);
    restored.abort();
    await until(async () => released.length === 1, { what: 'the claim to be given up' });
  });

  it('gives the client its answer when the store does not answer', async () => {
    const never = async () => await new Promise<never>(() => {});
    const ask = await startCounter({ ...memoryRetryStore(), answer: never }, { waitMs: 0 });
    expect(await ask()).toBe('0');
  });

  it('gives the client its answer when it cannot be kept', async () => {
    const down = async () => Promise.reject(new Error('down'));
    const ask = await startCounter({ ...memoryRetryStore(), answer: down, release: down });
    expect(await ask()).toBe('0');
  });

  it('answers 503 when an equal request is at the server for too long', async () => {
    const ask = await startCounter({ ...failing, claim: async () => ({ state: 'running' }) }, { waitMs: 0 });
    expect(await ask()).toBe(503);
  });

  /** A server that refuses each request when `finish` is called, behind a store whose commands are counted. */
  async function startRefusing(store: RetryStore, waitMs = 5000) {
    const counts = { claims: 0, hits: 0, atOnce: 0, mostAtOnce: 0 };
    const results: RetryResult[] = [];
    const counted: RetryStore = {
      ...store,
      claim: (...claimed) => {
        counts.claims += 1;
        return store.claim(...claimed);
      },
    };
    const front = retryRefresh({ store: counted, waitMs, onResult: (result) => results.push(result) });
    const finish: (() => void)[] = [];
    const endpoint = await start((request, response) => {
      front(request, response, () => {
        counts.hits += 1;
        counts.atOnce += 1;
        counts.mostAtOnce = Math.max(counts.mostAtOnce, counts.atOnce);
        request.resume();
        finish.push(() => {
          counts.atOnce -= 1;
          response.writeHead(400, { 'Content-Type': 'application/json' });
          response.end('{"error":"invalid_grant"}');
        });
      });
    });
    const ask = async () => await refresh(endpoint, 'a refresh token that the server does not know');
    return { ask, counts, results, finish };
  }

  it('lets 20 equal refreshes wait, which go to the server one after another when it refuses them', async () => {
    const { ask, counts, results, finish } = await startRefusing(redisRetryStore(redis, { prefix: 'many:' }));
    const first = ask();
    const finishFirst = await until(() => finish.shift(), { what: 'the first request at the server' });
    const others = Array.from({ length: 200 }, ask);
    await until(() => results.length === 181, { what: 'the requests beyond 20 to be refused' });
    const refused = results.slice(1);
    expect(refused).toEqual(Array(180).fill('too_many_waiting'));

    // One after another, each woken by the one before it.
    finishFirst();
    for (let served = 0; served < 20; served++) {
      (await until(() => finish.shift(), { what: 'the next request at the server', everyMs: 1 }))();
    }
    const statuses = (await Promise.all([first, ...others])).map(({ status }) => status);
    const of = (status: number) => statuses.filter((each) => each === status).length;
    expect({ refused: of(400), unavailable: of(503) }).toEqual({ refused: 21, unavailable: 180 });
    expect(counts).toMatchObject({ hits: 21, mostAtOnce: 1 });
  });

  it('ends the wait of each equal refresh after its time', async () => {
    const { ask, results, finish } = await startRefusing(memoryRetryStore(), 50);
    const first = ask();
    const finishFirst = await until(() => finish.shift(), { what: 'the first request at the server' });
    const others = await Promise.all(Array.from({ length: 3 }, ask));
    expect(others.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual(
      Array(3).fill([503, '1']),
    );
    expect(results.slice(1)).toEqual(Array(3).fill('waited_too_long'));
    finishFirst();
    expect((await first).status).toBe(400);
  });

  it('gives the answer of the first refresh to all that wait', async () => {
    const store = memoryRetryStore();
    let isAtServer = false;
    let finish = () => {};
    const front = retryRefresh({ store });
    const endpoint = await start((request, response) => {
      front(request, response, () => {
        request.resume();
        isAtServer = true;
        finish = () => response.end('{"refresh_token":"child"}');
      });
    });
    const ask = async () => (await refresh(endpoint, 'a refresh token of 16 characters or more')).body.refresh_token;
    const first = ask();
    await until(() => isAtServer, { what: 'the first request at the server' });
    const others = Array.from({ length: 10 }, ask);
    finish();
    expect(await Promise.all([first, ...others])).toEqual(Array(11).fill('child'));
  });

  it('keeps an answer that only the holder of the refresh token can read, and no longer than the grace', async () => {
    const kept: Buffer[] = [];
    const ids: string[] = [];
    const store = redisRetryStore(redis, { prefix: 'secret:' });
    const watched: RetryStore = {
      ...store,
      answer: async (id, owner, answer) => {
        ids.push(id);
        kept.push(answer.sealed);
        await store.answer(id, owner, answer);
      },
    };
    const provider = await start(retryRefresh({ store: watched, graceSeconds: 1 }));
    const token = await provider.signIn();
    const { body } = await refresh(provider, token);
    const stored = (await redis.get(`secret:${ids[0]}`)) ?? '';
    const text = `${ids.join()} ${kept[0]?.toString('latin1')} ${stored}`;
    for (const secret of [token, body.access_token ?? 'none', body.refresh_token ?? 'none']) {
      expect(text.includes(secret)).toBe(false);
    }
    expect(await redis.pttl(`secret:${ids[0]}`)).toBeLessThanOrEqual(1000);
    await until(async () => (await redis.exists(`secret:${ids[0]}`)) === 0, { what: 'the answer to expire' });
    expect((await refresh(provider, token)).status).toBe(400);
  });

  it('refuses wrong options by name', () => {
    const store = memoryRetryStore();
    expect(() => retryRefresh({ store, graceSeconds: 0 })).toThrow('graceSeconds: expected a whole number of s');
    expect(() => retryRefresh({ store, waitMs: -1 })).toThrow('waitMs: expected a whole number of ms');
    expect(() => retryRefresh({ store: {} as RetryStore })).toThrow('store: expected redisRetryStore(redis)');
  });
});
