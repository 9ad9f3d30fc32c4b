import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { OAuthTokenVerifier } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import { createTestKit, type TestKit } from '@revocast/testing';
import express from 'express';
import { Hono } from 'hono';
import request from 'supertest';
import { honoGate } from '../../src/adapters/fetch.ts';
import { mcpVerifier } from '../../src/adapters/mcp.ts';
import { nestGuard } from '../../src/adapters/nest.ts';
import { createVerifier, type GateOptions, type Verifier, type VerifierOptions } from '../../src/index.ts';
import { forgeProof, thumbprintOf } from '../forge.ts';
import { type Adapter, type Answer, adapters, connect, reference, type TestServer } from './servers.ts';

// By a computed name, because its types declare `auth` on every request of Express.
const bearerAuth: string = '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
const { requireBearerAuth } = await import(bearerAuth);

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

interface Opened {
  readonly kit: TestKit;
  readonly verifier: Verifier;
  readonly server: TestServer;
}

async function open(adapter: Adapter, gate: GateOptions = {}, options: Partial<VerifierOptions> = {}): Promise<Opened> {
  const kit = await createTestKit();
  const resourceMetadata = 'https://api.example.com/.well-known/oauth-protected-resource';
  const verifier = createVerifier({ ...kit.options, exposeReason: false, realm: 'shop', resourceMetadata, ...options });
  opened.push(verifier);
  await kit.ready();
  const server = await adapter.start(verifier, gate);
  opened.push(server);
  return { kit, verifier, server };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A request with a proof of possession, for the route of the server. */
function proven({ kit, server }: Opened, { method }: Adapter, nonce?: string) {
  const token = kit.token({ claims: { cnf: { jkt: thumbprintOf('es') } } });
  const claims = {
    htm: method,
    htu: new URL('/orders', 'https://api.example.com').href,
    ath: hash('sha256', token, 'base64url'),
  };
  const iat = Math.floor(Date.now() / 1000);
  expect(server.url).toContain('127.0.0.1');
  return { authorization: `DPoP ${token}`, dpop: forgeProof({}, { ...claims, iat, nonce }) };
}

const dpop = { dpop: { publicOrigin: 'https://api.example.com', nonces: true } };

/** What is sent, and what the client must see: the answer of `protect`, and these parts of it. */
const cases: readonly {
  readonly what: string;
  readonly status: number;
  readonly gate?: GateOptions;
  readonly options?: Partial<VerifierOptions>;
  /** Only for clients that receive the headers of an answer. */
  readonly needsHeaders?: true;
  readonly send: (opened: Opened, adapter: Adapter) => Promise<Answer>;
}[] = [
  { what: 'an accepted token', status: 200, send: ({ kit, server }) => server.ask(bearer(kit.token())) },
  { what: 'no token', status: 401, send: ({ server }) => server.ask({}) },
  { what: 'a malformed field', status: 400, send: ({ server }) => server.ask({ authorization: 'Bearer a, Bearer b' }) },
  {
    what: 'a token without the scope',
    status: 403,
    gate: { scopes: ['orders:read'] },
    send: ({ kit, server }) => server.ask(bearer(kit.token({ scopes: ['profile'] }))),
  },
  {
    what: 'a revoked token that was accepted before',
    status: 401,
    async send({ kit, server }) {
      const token = kit.token({ session: 's1' });
      expect((await server.ask(bearer(token))).status).toBe(200);
      await kit.revoke({ session: 's1' });
      return server.ask(bearer(token));
    },
  },
  {
    what: 'a good token while the feed is lost',
    status: 503,
    async send({ kit, server }) {
      await kit.outage();
      return server.ask(bearer(kit.token()));
    },
  },
  {
    what: 'a proof without a nonce',
    status: 401,
    options: dpop,
    needsHeaders: true,
    send: (given, adapter) => given.server.ask(proven(given, adapter)),
  },
  {
    what: 'a proof with the nonce of the answer before',
    status: 200,
    options: dpop,
    needsHeaders: true,
    async send(given, adapter) {
      const { headers } = await given.server.ask(proven(given, adapter));
      return given.server.ask(proven(given, adapter, headers['dpop-nonce']));
    },
  },
];

/** Random parts of an answer. */
function comparable({ status, headers, body }: Answer, { hasHeaders }: Adapter) {
  const { 'retry-after': retryAfter, 'dpop-nonce': nonce, 'content-type': type, ...others } = headers;
  const seen = { status, body, mayRetry: retryAfter !== undefined && /^[1-5]$/.test(retryAfter) };
  if (!hasHeaders) return seen;
  return { ...seen, others, type: type?.replaceAll(' ', '').toLowerCase(), hasNonce: nonce !== undefined };
}

describe.each(adapters)('$name', (adapter) => {
  it.each(cases.filter(({ needsHeaders }) => adapter.hasHeaders || !needsHeaders))(
    'answers $what with $status, as protect does',
    async ({ send, status, gate, options }) => {
      const found = await send(await open(adapter, gate, options), adapter);
      const expected = await send(await open(reference, gate, options), reference);
      expect(comparable(found, adapter)).toEqual(comparable(expected, adapter));
      expect(found.status).toBe(status);
      expect(JSON.stringify(found)).not.toMatch(/revoked_session|denylist_unavailable/);
    },
  );
});

it('needs less than 60 lines for each framework', () => {
  const folder = new URL('../../src/adapters/', import.meta.url);
  const lengths = readdirSync(folder).map((name) => ({
    name,
    lines: readFileSync(new URL(name, folder), 'utf8').split('\n').length - 1,
  }));
  expect(lengths.length).toBeGreaterThan(5);
  expect(lengths.filter(({ lines }) => lines >= 60)).toEqual([]);
});

describe('honoGate', () => {
  it('sends the nonce of DPoP also with a `Response` that the handler has made', async () => {
    const kit = await createTestKit();
    const verifier = createVerifier({
      ...kit.options,
      revocation: null, // not fresh after a jump of the clock
      dpop: { ...dpop.dpop, nonceLifetimeMs: 10_000 },
    });
    opened.push(kit, verifier);
    expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
    const api = new Hono();
    api.use('*', honoGate(verifier));
    const made: Record<string, Response> = {
      '/orders': Response.json({}),
      '/elsewhere': Response.redirect('https://a.test', 302),
    };
    for (const [path, response] of Object.entries(made)) api.get(path, () => response);
    const realNow = Date.now;
    let laterMs = 0;
    const now = jest.spyOn(Date, 'now').mockImplementation(() => realNow() + laterMs);
    opened.push({ close: async () => now.mockRestore() });
    for (const path of Object.keys(made)) {
      const token = kit.token({ claims: { cnf: { jkt: thumbprintOf('es') } } });
      const ath = hash('sha256', token, 'base64url');
      const claims = { htm: 'GET', htu: `https://api.example.com${path}`, ath };
      const ask = (nonce: string | undefined) => {
        const iat = Math.floor(Date.now() / 1000);
        const proof = forgeProof({}, { ...claims, iat, jti: `${path} ${nonce}`, nonce });
        return api.request(path, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
      };
      const nonce = (await ask(undefined)).headers.get('dpop-nonce') ?? '';
      // In the second half of its life, each answer has the next one.
      laterMs += 6000;
      const answer = await ask(nonce);
      expect([path, answer.status < 400, answer.headers.has('dpop-nonce')]).toEqual([path, true, true]);
    }
  });
});

describe('nestGuard', () => {
  it('reads the request of Express where the application keeps something else as `raw`', async () => {
    const kit = await createTestKit();
    const verifier = createVerifier(kit.options);
    opened.push(kit, verifier);
    await kit.ready();
    const incoming = { headers: bearer(kit.token()), raw: Buffer.from('the body') };
    const http = { getRequest: () => incoming, getResponse: () => ({ header() {} }) };
    const passes = nestGuard(verifier).canActivate({ getType: () => 'http', switchToHttp: () => http });
    await expect(passes).resolves.toBe(true);
    expect(incoming).toMatchObject({ auth: { subject: 'alice' } });
  });
});

describe('socketGate', () => {
  const [adapter] = adapters.filter(({ name }) => name.startsWith('socketGate'));

  it('reads the token of `auth`, and refuses a second one, and one that is no text', async () => {
    if (adapter === undefined) throw new Error('expected an adapter of Socket.IO');
    const { kit, server } = await open(adapter);
    const token = kit.token();
    expect(await connect(server.url, { auth: { token } })).toMatchObject({ status: 200, body: { owner: 'alice' } });
    const twice = await connect(server.url, { auth: { token }, extraHeaders: bearer(token) });
    expect(twice.status).toBe(400);
    expect((await connect(server.url, { auth: { token: { token } } })).status).toBe(400);
  });
});

describe('mcpVerifier behind requireBearerAuth', () => {
  async function serve() {
    const kit = await createTestKit();
    const verifier = createVerifier(kit.options);
    opened.push(verifier);
    await kit.ready();
    const app = express();
    const resource = new URL(kit.options.audience);
    const target: OAuthTokenVerifier = mcpVerifier(verifier);
    app.use(requireBearerAuth({ verifier: target, requiredScopes: ['tools'], expectedResource: resource }));
    app.post('/', (incoming, response) => void response.json(Reflect.get(incoming, 'auth')));
    return { kit, post: (token: string) => request(app).post('/').set(bearer(token)) };
  }

  it('accepts, and passes on what the token says', async () => {
    const { kit, post } = await serve();
    const { status, body } = await post(kit.token({ scopes: ['tools'] }));
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        clientId: 'shop-web',
        scopes: ['tools'],
        resource: 'https://api.example.com/',
        extra: { auth: { subject: 'alice' } },
      },
    });
  });

  it('answers 401 to a revoked token, 403 without the scope, and 500 in an outage', async () => {
    const { kit, post } = await serve();
    const token = kit.token({ session: 's1', scopes: ['tools'] });
    await kit.revoke({ session: 's1' });
    expect((await post(token)).status).toBe(401);
    expect((await post(kit.token())).status).toBe(403);
    await kit.outage();
    expect((await post(kit.token({ scopes: ['tools'] }))).status).toBe(500);
  });
});
