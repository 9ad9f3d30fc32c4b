import { describe, expect, it } from '@jest/globals';
import express from 'express';
// @ts-expect-error the alias has no types of its own; it is typed as Express 5 below
import express4 from 'express4';
import supertest from 'supertest';
import {
  clearRefreshCookie,
  type RefreshCookieOptions,
  readRefreshCookie,
  setRefreshCookie,
} from '../../src/express/refresh-cookie.ts';
import { refuseForeignSite } from '../../src/express/refuse-foreign-site.ts';
import { sendRefusal } from '../../src/express/send-refusal.ts';
import { createWorld } from '../families/world.ts';

const use = { client: 'shop', accessSeconds: 900 };

/** A login, a refresh and a logout, as docs/refresh.md shows them. */
function createApp(create: () => express.Express, options?: RefreshCookieOptions) {
  const { families, clock } = createWorld();
  const app = create();
  app.post('/login', async (_request, response) => {
    const opened = await families.open({ subject: 'alice', ...use });
    setRefreshCookie(response, opened, options);
    response.json(opened.claims);
  });
  app.post('/refresh', refuseForeignSite(), async (request, response) => {
    const shown = await families.present(readRefreshCookie(request, options), use);
    if (!shown.ok) return sendRefusal(response, shown);
    setRefreshCookie(response, shown, options);
    response.json(shown.claims);
  });
  app.post('/logout', refuseForeignSite(), (_request, response) => {
    clearRefreshCookie(response, options);
    response.sendStatus(204);
  });
  return { app, clock };
}

const cookiesOf = (response: supertest.Response): readonly string[] => {
  const cookies: unknown = response.headers['set-cookie'];
  return Array.isArray(cookies) ? cookies : [];
};
const pairOf = (response: supertest.Response) => cookiesOf(response)[0]?.split(';')[0] ?? '';

describe.each([
  ['Express 5', () => express()],
  ['Express 4', () => (express4 as typeof express)()],
])('the cookie of a refresh token, with %s', (_, create) => {
  it('is set so that only this host and no script can set or read it', async () => {
    const { app } = createApp(create);
    const login = await supertest(app).post('/login');
    expect(cookiesOf(login)).toEqual([
      expect.stringMatching(
        /^__Host-Http-refresh=[\w-]{94}; Max-Age=1209600; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    expect(login.headers['cache-control']).toBe('no-store');
  });

  it('is refreshed with a new token', async () => {
    const { app } = createApp(create);
    const login = await supertest(app).post('/login');
    const refresh = await supertest(app)
      .post('/refresh')
      .set('Cookie', `a=b; ${pairOf(login)}; c=d`);
    expect(refresh.status).toBe(200);
    expect(pairOf(refresh)).not.toBe(pairOf(login));
  });

  it('is never deleted by a refused refresh', async () => {
    const { app, clock } = createApp(create);
    const login = await supertest(app).post('/login');
    await supertest(app).post('/refresh').set('Cookie', pairOf(login));
    clock.nowMs += 30_001;
    const refused = await supertest(app).post('/refresh').set('Cookie', pairOf(login));
    expect({ status: refused.status, body: refused.body, cookies: cookiesOf(refused) }).toEqual({
      status: 400,
      body: { error: 'invalid_grant' },
      cookies: [],
    });
    expect(refused.headers['cache-control']).toBe('no-store');
  });

  it('is deleted at a logout', async () => {
    const { app } = createApp(create);
    const logout = await supertest(app).post('/logout');
    expect(cookiesOf(logout)).toEqual(['__Host-Http-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict']);
  });

  it('can be sent to one path only', async () => {
    const { app } = createApp(create, { name: 'rt', path: '/refresh', sameSite: 'Lax' });
    const login = await supertest(app).post('/login');
    expect(cookiesOf(login)).toEqual([
      expect.stringMatching(/^__Secure-rt=[\w-]{94}; Max-Age=1209600; Path=\/refresh; Secure; HttpOnly; SameSite=Lax$/),
    ]);
    expect((await supertest(app).post('/refresh').set('Cookie', pairOf(login))).status).toBe(200);
  });

  it('is not believed when there are two of them', async () => {
    const { app } = createApp(create);
    const [mine, other] = [await supertest(app).post('/login'), await supertest(app).post('/login')];
    const both = await supertest(app)
      .post('/refresh')
      .set('Cookie', `${pairOf(other)}; ${pairOf(mine)}`);
    expect(both.status).toBe(400);
    const twice = await supertest(app)
      .post('/refresh')
      .set('Cookie', `${pairOf(mine)}; ${pairOf(mine)}`);
    expect(twice.status).toBe(200);
  });
});

describe('the options of the cookie', () => {
  const wrong: [RefreshCookieOptions, string][] = [
    [{ name: 'a=b' }, 'name: expected 1–64 letters, digits, _ and -, without a prefix'],
    [{ path: 'refresh' }, 'path: expected a path that begins with /, without ; and spaces'],
    [{ path: '/; Domain=example.com' }, 'path: expected a path that begins with /, without ; and spaces'],
    [{ sameSite: 'None' as 'Lax' }, "sameSite: expected 'Strict' or 'Lax'"],
  ];
  it.each(wrong)('are refused: %j', async (options, message) => {
    const app = express();
    app.get('/', (request, response) => {
      response.json(readRefreshCookie(request, options) ?? null);
    });
    app.use((error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(500).send(error.message);
    });
    expect((await supertest(app).get('/')).text).toBe(message);
  });
});

describe('a refused refresh that is not the fault of the client', () => {
  it('says when to try again', async () => {
    const app = express();
    app.get('/', (_request, response) =>
      sendRefusal(response, {
        ok: false,
        outcome: 'store_unavailable',
        status: 503,
        error: 'temporarily_unavailable',
        retryAfterSeconds: 1,
      }),
    );
    const answer = await supertest(app).get('/');
    expect({ status: answer.status, after: answer.headers['retry-after'], body: answer.body }).toEqual({
      status: 503,
      after: '1',
      body: { error: 'temporarily_unavailable' },
    });
  });
});

describe('a request from a page of', () => {
  const rows: [string, Record<string, string>, number][] = [
    ['this site', { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://login.example.com' }, 200],
    ['this site, by its address', { 'Sec-Fetch-Site': 'none' }, 200],
    ['a sibling domain', { 'Sec-Fetch-Site': 'same-site', Origin: 'https://evil.example.com' }, 403],
    ['another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }, 403],
    ['another site that claims more', { 'Sec-Fetch-Site': 'same-origin, cross-site' }, 403],
    ['a listed origin', { 'Sec-Fetch-Site': 'same-site', Origin: 'https://app.example.com' }, 200],
    [
      'a listed origin with another port',
      { 'Sec-Fetch-Site': 'same-site', Origin: 'https://app.example.com:8443' },
      403,
    ],
    ['this site, in an old browser', { Origin: 'https://login.example.com' }, 200],
    ['another site, in an old browser', { Origin: 'https://evil.example' }, 403],
    ['a sandboxed frame, in an old browser', { Origin: 'null' }, 403],
    ['no browser', {}, 200],
  ];
  it.each(rows)('%s: answered by status', async (_, headers, status) => {
    const app = express();
    app.post('/', refuseForeignSite({ origins: ['https://app.example.com'] }), (_request, response) => {
      response.sendStatus(200);
    });
    const answer = await supertest(app).post('/').set('Host', 'login.example.com').set(headers);
    expect(answer.status).toBe(status);
  });

  it('an origin with a path is refused at construction', () => {
    expect(() => refuseForeignSite({ origins: ['https://app.example.com/'] })).toThrow(
      'origins: expected origins without a path, such as https://app.example.com',
    );
  });
});
