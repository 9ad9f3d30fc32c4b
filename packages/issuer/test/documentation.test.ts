import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { storeErrorCodes } from '@revocast/issuer';
import { lifecycleEventTypes } from '../src/events/parse-event.ts';
import { optionNames } from '../src/lifecycle/lifecycle-options.ts';
import { attemptFailures } from '../src/telemetry/issuer-metrics.ts';

const page = readFileSync(new URL('../../../docs/issuer.md', import.meta.url), 'utf8');
const named = new Set([...page.matchAll(/`([a-zA-Z_]+)`/g)].map(([, name]) => name));
const metrics = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');

describe('docs/issuer.md', () => {
  it.each([
    ['option', optionNames],
    ['event', lifecycleEventTypes],
    ['error of the store', storeErrorCodes],
    ['state', ['logged', 'pending', 'not_committed', 'refused', 'stuck']],
    ['option of the store', ['schema', 'listen', 'timeoutMs', 'maxRows']],
  ])('names every %s', (_kind, names) => {
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });
});

it('docs/metrics.md names every reason for which an attempt fails', () => {
  expect(attemptFailures.filter((code) => !metrics.includes(code))).toEqual([]);
});

interface Browser {
  call(url: string): Promise<{ status: number }>;
}

/** The code for browsers in docs/refresh.md, with a server of the test. Waits take no time. */
function browserOf(fetch: (url: string, init: { headers?: { authorization?: string } }) => Promise<unknown>): Browser {
  const page = readFileSync(new URL('../../../docs/refresh.md', import.meta.url), 'utf8');
  const code = /```mjs\n(.*?)```/s.exec(page)?.[1];
  if (code === undefined) throw new Error('expected a block of mjs in docs/refresh.md, found none');
  let last: Promise<unknown> = Promise.resolve();
  const request = (_: string, work: () => Promise<unknown>) => {
    last = last.then(work);
    return last;
  };
  const start = new Function('fetch', 'navigator', 'setTimeout', `${code}; return { call };`);
  return start(fetch, { locks: { request } }, (done: () => void) => done());
}

describe('the code for browsers in docs/refresh.md', () => {
  it('refreshes once for ten calls at once that get 401', async () => {
    let refreshes = 0;
    const { call } = browserOf(async (url, { headers }) => {
      if (url === '/refresh') {
        refreshes += 1;
        return { status: 200, ok: true, json: async () => ({ access_token: `token-${refreshes}` }) };
      }
      return { status: headers?.authorization === 'Bearer token-1' ? 200 : 401, headers: new Headers() };
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => call('/orders')));
    expect({ refreshes, statuses: new Set(answers.map(({ status }) => status)) }).toEqual({
      refreshes: 1,
      statuses: new Set([200]),
    });
  });

  it('waits while the API is down, without a refresh, and then goes on', async () => {
    const urls: string[] = [];
    const { call } = browserOf(async (url) => {
      urls.push(url);
      return { status: urls.length < 3 ? 503 : 200, headers: new Headers({ 'retry-after': '1' }) };
    });
    expect((await call('/orders')).status).toBe(200);
    expect(urls).toEqual(['/orders', '/orders', '/orders']);
  });

  it.each([400, 429, 503])(
    'shows the 401 of the API when the refresh is answered with %i, and does not repeat it',
    async (status) => {
      const urls: string[] = [];
      const { call } = browserOf(async (url) => {
        urls.push(url);
        return { status: url === '/refresh' ? status : 401, ok: false, headers: new Headers() };
      });
      expect((await call('/orders')).status).toBe(401);
      expect(urls).toEqual(['/orders', '/refresh']);
    },
  );

  it('gives up when the API stays down', async () => {
    let calls = 0;
    const { call } = browserOf(async () => {
      calls += 1;
      return { status: 503, headers: new Headers() };
    });
    expect((await call('/orders')).status).toBe(503);
    expect(calls).toBe(6);
  });
});
