import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import supertest from 'supertest';
import { authOf } from '../../src/express/auth-of.ts';
import { requireAnyScope, requireScope, requireStepUp } from '../../src/express/guards.ts';
import type { Handler } from '../../src/express/handler.ts';
import { protect } from '../../src/express/protect.ts';
import { createGate, type GateFunction, type GateOptions, type NotPassed } from '../../src/gate/create-gate.ts';
import { requestOf } from '../../src/gate/request-of.ts';
import type { AnyRequest } from '../../src/token/bearer.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { forge, publicJwk } from '../forge.ts';
import { testDependencies } from '../test-dependencies.ts';
import { type Bench, buildBenches, requestOf as requestOfRow } from '../verification-bench.ts';
import {
  audience,
  type BenchName,
  type GuardName,
  issuer,
  type Row,
  rows,
  usualClaims,
} from '../verification-table.ts';

/** Each requirement as a guard of Express and as an option of a gate. */
const requirements = {
  scope: [requireScope('orders:read', 'orders:write'), { scopes: ['orders:read', 'orders:write'] }],
  'any scope': [requireAnyScope('orders:read', 'orders:write'), { anyScopes: ['orders:read', 'orders:write'] }],
  acr: [requireStepUp({ acr: ['phr', 'phrh'] }), { stepUp: { acr: ['phr', 'phrh'] } }],
  recent: [requireStepUp({ maxAgeSeconds: 300 }), { stepUp: { maxAgeSeconds: 300 } }],
} as const satisfies Partial<Record<GuardName, readonly [Handler, GateOptions]>>;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

function withExpress(verifier: Verifier): Listener {
  const app = express();
  app.disable('x-powered-by');
  app.use(protect(verifier));
  for (const [name, [guard]] of Object.entries(requirements)) app.use(`/${encodeURIComponent(name)}`, guard);
  app.use((request, response) => void response.json({ subject: authOf(request).subject }));
  return app;
}

/** A server without a framework: it sends what the gate says. */
function withGate(verifier: Verifier, read: (request: IncomingMessage) => AnyRequest): Listener {
  const gates = new Map<string, GateFunction>([['', createGate(verifier)]]);
  for (const [name, [, options]] of Object.entries(requirements)) gates.set(name, createGate(verifier, options));
  return async (request, response) => {
    const [path = ''] = request.url?.slice(1).split('?') ?? [];
    const passage = await gates.get(decodeURIComponent(path))!(read(request));
    if (passage.pass) {
      const type = 'application/json; charset=utf-8';
      response.writeHead(200, { ...passage.headers, 'Content-Type': type });
      response.end(JSON.stringify({ subject: passage.auth?.subject }));
      return;
    }
    response.writeHead(passage.status, passage.headers);
    response.end(passage.body);
  };
}

function fetchRequestOf({ url, method, rawHeaders, socket }: IncomingMessage): AnyRequest {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  const request = new Request(`http://api.test${url}`, { method: method!, headers });
  return { ...requestOf(request), socket: { remoteAddress: socket.remoteAddress } };
}

const servers = {
  protect: withExpress,
  createGate: (verifier) => withGate(verifier, (request) => request),
  requestOf: (verifier) => withGate(verifier, fetchRequestOf),
} as const satisfies Record<string, (verifier: Verifier) => Listener>;

describe('a server with createGate, and one for requests of the Fetch API', () => {
  const listening: Server[] = [];
  const verifiers: Verifier[] = [];
  const ports = new Map<string, number>();

  beforeAll(async () => {
    for (const [kind, serve] of Object.entries(servers)) {
      const benches: ReadonlyMap<BenchName, Bench> = await buildBenches({ logger: null, realm: 'api' });
      for (const [name, { verifier }] of benches) {
        const server = createServer(serve(verifier));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        listening.push(server);
        verifiers.push(verifier);
        ports.set(`${kind} ${name}`, (server.address() as AddressInfo).port);
      }
    }
  });

  afterAll(async () => {
    for (const server of listening) await new Promise((resolve) => server.close(resolve));
    await Promise.all(verifiers.map((verifier) => verifier.close()));
  });

  async function send(kind: keyof typeof servers, row: Row) {
    const { fields, query } = requestOfRow(row);
    const path = `/${row.guard === undefined ? '' : encodeURIComponent(row.guard)}?${query}`;
    const request = supertest(`http://127.0.0.1:${ports.get(`${kind} ${row.bench ?? 'plain'}`)}`).get(path);
    const byName = new Map<string, string[]>();
    for (const [name, value] of fields) byName.set(name, [...(byName.get(name) ?? []), value]);
    for (const [name, values] of byName) request.set(name, values.length === 1 ? values[0]! : (values as never));
    const { status, headers, text } = await request;
    const named = ['www-authenticate', 'retry-after', 'dpop-nonce', 'content-type'];
    const answered = Object.fromEntries(named.map((name) => [name, headers[name]]));
    return { status, text, ...answered, 'cache-control': status === 200 ? undefined : headers['cache-control'] };
  }

  it.each(
    rows
      .filter(({ guard }) => guard !== 'claims')
      .map((row) => [row.bench ?? 'plain', row.guard ?? 'no guard', row.sends, row] as const),
  )('(%s, %s) answer %s exactly as protect does', async (_bench, _guard, _sends, row) => {
    const expected = await send('protect', row);
    expect(expected.status === 200).toBe(row.reason === 'none');
    expect({ createGate: await send('createGate', row) }).toEqual({ createGate: expected });
    expect({ requestOf: await send('requestOf', row) }).toEqual({ requestOf: expected });
  });
});

const good = `Bearer ${forge({}, usualClaims)}`;
const requestWith = (authorization?: string) => ({ headers: { authorization } });

function gateWith(options: GateOptions = {}, exposeReason = false): GateFunction {
  const jwks = { keys: [publicJwk('es')] };
  const given = { issuer, audience, jwks, revocation: null, logger: null, exposeReason } as const;
  return createGate(composeVerifier(given, testDependencies()), options);
}

async function refusal(gate: GateFunction, authorization?: string): Promise<NotPassed> {
  const passage = await gate(requestWith(authorization));
  if (passage.pass) throw new Error('the request passed');
  return passage;
}

describe('a gate from createGate', () => {
  it('decides in the same turn about a token that it has seen before', async () => {
    const gate = gateWith();
    await gate(requestWith(good));
    expect(gate(requestWith(good))).toMatchObject({ pass: true, auth: { subject: usualClaims.sub }, headers: {} });
  });

  it('lets requests without credentials pass only with `anonymous`, and not where a scope is needed', async () => {
    expect(await gateWith({ anonymous: true })(requestWith())).toEqual({ pass: true, auth: undefined, headers: {} });
    expect(await refusal(gateWith({ anonymous: true }), 'Bearer bad')).toMatchObject({ status: 401 });
    expect(await refusal(gateWith({ anonymous: true, scopes: ['read'] }))).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer scope="read"' },
    });
  });

  it('names the reason in the code of the error, and in its message only with exposeReason', async () => {
    const { error, body } = await refusal(gateWith(), 'Bearer bad');
    expect(error).toMatchObject({ name: 'TokenError', code: 'malformed_token', status: 401 });
    expect(error.message).toBe(JSON.parse(body).error_description);
    expect(error.headers).not.toHaveProperty('Content-Type');
    const exposed = await refusal(gateWith({}, true), 'Bearer bad');
    expect(exposed.error.message).toBe(`${error.message}: malformed_token`);
  });

  it.each([undefined, null, 5, 'GET /'])(
    'answers 500 instead of throwing for %p, which is no request',
    async (given) => {
      const passage = await gateWith({ anonymous: true })(given as never);
      expect(passage).toMatchObject({ pass: false, status: 500 });
    },
  );

  it.each([
    [{ scopes: [] }, /createGate\.scopes/],
    [{ anyScopes: ['two words'] }, /createGate\.anyScopes/],
    [{ stepUp: {} }, /createGate\.stepUp/],
    [{ forwardErrors: true }, /forwardErrors/],
  ])('rejects the options %j', (options, message) => {
    expect(() => gateWith(options as GateOptions)).toThrow(message);
  });
});

describe('requestOf', () => {
  it.each([
    ['https://api.test', '/'],
    ['https://api.test/a/b?c=d#e', '/a/b?c=d'],
    ['https://api.test?c=/d', '/?c=/d'],
  ])('reads the target of %s as %s', (url, target) => {
    expect(requestOf(new Request(url, { method: 'POST' }))).toMatchObject({ method: 'POST', url: target });
  });

  it('keeps a field that is named as a member of every object', () => {
    const { headers } = requestOf(new Request('https://api.test/', { headers: { constructor: 'a', __proto__x: 'b' } }));
    expect(Object.entries(headers)).toEqual([
      ['__proto__x', 'b'],
      ['constructor', 'a'],
    ]);
  });
});
