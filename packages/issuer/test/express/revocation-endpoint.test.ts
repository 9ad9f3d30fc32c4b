import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createLifecycle, memoryStore, StoreError } from '@revocast/issuer';
import { revocationEndpoint } from '@revocast/issuer/express';
import { protect } from '@revocast/middleware';
import { createSigner, type Signer } from '@revocast/test-support';
import express from 'express';
// @ts-expect-error: the alias has no types; Express 4 is typed as Express 5.
import express4 from 'express4';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';

const audience = 'https://api.test';
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface World {
  readonly signer: Signer;
  readonly log: Publisher;
  readonly lifecycle: Lifecycle;
}

async function openWorld(): Promise<World> {
  const signer = await createSigner({ issuer: 'https://login.example.com/', audience });
  const log = await createPublisher('memory:');
  const lifecycle = await createLifecycle({ issuer: signer.issuer, log, store: memoryStore(), keys: signer.jwks });
  opened.push(
    () => log.close(),
    () => lifecycle.close(),
  );
  return { signer, log, lifecycle };
}

async function listen(app: RequestListener): Promise<string> {
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An authorization server of one's own: clients send their secret in the body; opaque tokens have another handler. */
function createAuthorizationServer(lifecycle: Pick<Lifecycle, 'revokeToken'>, createApp = express): RequestListener {
  const app = createApp();
  app.post(
    '/revoke',
    revocationEndpoint(lifecycle, {
      authenticate: ({ body }) => {
        const { client_id: client, client_secret: secret } = body;
        return typeof client === 'string' && secret === `secret of ${client}` ? client : undefined;
      },
    }),
    (request, response) => void response.json({ opaque: request.body.token }),
  );
  return app;
}

async function revoke(url: string, token: string, client = 'client-1'): Promise<Response> {
  const body = new URLSearchParams({ token, client_id: client, client_secret: `secret of ${client}` });
  return await fetch(`${url}/revoke`, { method: 'POST', body });
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as typeof express],
])('given an authorization server on %s', (_name, createApp) => {
  it('revokes a JWT for its own client: 200 with an empty body, and 401 at the API', async () => {
    const { signer, log, lifecycle } = await openWorld();
    const url = await listen(createAuthorizationServer(lifecycle, createApp));
    const token = await signer.sign();
    const call = await startApi(signer, log);
    expect(await call(token)).toBe(200);
    const answer = await revoke(url, token);
    expect({ status: answer.status, text: await answer.text(), cache: answer.headers.get('cache-control') }).toEqual({
      status: 200,
      text: '',
      cache: 'no-store',
    });
    expect(await call(token)).toBe(401);
  });

  it('reads the form behind express.json(), which leaves it unread', async () => {
    const { signer, log, lifecycle } = await openWorld();
    const app = createApp();
    app.use(createApp.json());
    app.use(createAuthorizationServer(lifecycle, createApp));
    const token = await signer.sign();
    expect((await revoke(await listen(app), token)).status).toBe(200);
    expect(await (await startApi(signer, log))(token)).toBe(401);
  });

  it('takes no JSON, parsed or not', async () => {
    const { signer, lifecycle } = await openWorld();
    const app = createApp();
    app.use('/parsed', createApp.json());
    app.use('/parsed', createAuthorizationServer(lifecycle, createApp));
    app.use(createAuthorizationServer(lifecycle, createApp));
    const url = await listen(app);
    const body = JSON.stringify({
      token: await signer.sign(),
      client_id: 'client-1',
      client_secret: 'secret of client-1',
    });
    const send = async (path: string) =>
      (await fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).status;
    expect([await send('/parsed/revoke'), await send('/revoke')]).toEqual([400, 400]);
  });
});

async function startApi({ issuer, jwks }: Signer, feed: Publisher): Promise<(token: string) => Promise<number>> {
  const api = express();
  api.use(protect({ issuer, audience, jwks, revocation: { feed }, logger: null }));
  api.get('/', (_request, response) => void response.json({}));
  const url = await listen(api);
  return async (token) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
}

describe('given a request that cannot be granted', () => {
  it('answers each by its status and error code', async () => {
    const { signer, lifecycle } = await openWorld();
    const url = await listen(createAuthorizationServer(lifecycle));
    const token = await signer.sign();
    const send = (body: URLSearchParams | string) => fetch(`${url}/revoke`, { method: 'POST', body });
    const form = (text: string) => new URLSearchParams(`${text}&client_id=client-1&client_secret=secret of client-1`);
    const answers = {
      'the token of another client': await revoke(url, token, 'client-2'),
      'a client without valid credentials': await send(new URLSearchParams({ token, client_id: 'client-1' })),
      'a body that is no form': await send('token=1'),
      'a body that is too long': await send(form(`token=1&more=${'a'.repeat(40_000)}`)),
      'no token': await send(form('')),
      'two tokens': await send(form('token=1&token=2')),
    };
    const found = Object.entries(answers).map(async ([name, answer]) => {
      const { error } = (await answer.json()) as { error: string };
      return [name, { status: answer.status, error }];
    });
    expect(Object.fromEntries(await Promise.all(found))).toEqual({
      'the token of another client': { status: 400, error: 'invalid_grant' },
      'a client without valid credentials': { status: 401, error: 'invalid_client' },
      'a body that is no form': { status: 400, error: 'invalid_request' },
      'a body that is too long': { status: 400, error: 'invalid_request' },
      'no token': { status: 400, error: 'invalid_request' },
      'two tokens': { status: 400, error: 'invalid_request' },
    });
  });

  it('answers 200 for a token that has expired', async () => {
    const { signer, lifecycle } = await openWorld();
    const url = await listen(createAuthorizationServer(lifecycle));
    const hourAgo = Math.floor(Date.now() / 1000) - 3600;
    const answer = await revoke(url, await signer.sign({ iat: hourAgo }));
    expect(answer.status).toBe(200);
  });

  it('answers 503 with Retry-After when the revocation cannot be noted', async () => {
    const { signer } = await openWorld();
    const down = new StoreError('store_unavailable', 'the store does not answer');
    const url = await listen(createAuthorizationServer({ revokeToken: () => Promise.reject(down) }));
    const answer = await revoke(url, await signer.sign());
    expect({ status: answer.status, retryAfter: answer.headers.get('retry-after') }).toEqual({
      status: 503,
      retryAfter: '1',
    });
  });
});

describe('given a token that is no JWT of the issuer', () => {
  it('passes it to the next handler, with the parsed body', async () => {
    const { lifecycle } = await openWorld();
    const other = await createSigner({ issuer: 'https://other.example.com/' });
    const url = await listen(createAuthorizationServer(lifecycle));
    const foreign = await other.sign();
    const answers = await Promise.all([revoke(url, 'an-opaque-token'), revoke(url, foreign)]);
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
      { opaque: 'an-opaque-token' },
      { opaque: foreign },
    ]);
  });
});
