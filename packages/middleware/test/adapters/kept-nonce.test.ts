import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import { afterEach, expect, it, jest } from '@jest/globals';
import { createTestKit } from '@revocast/testing';
import Koa from 'koa';
import { koaGate } from '../../src/adapters/koa.ts';
import { createVerifier, type GateOptions } from '../../src/index.ts';
import { forgeProof, thumbprintOf } from '../forge.ts';
import { type Adapter, adapters, faulty, listen, reference } from './servers.ts';

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

const publicOrigin = 'https://api.example.com';

/** A client of `server` whose nonce is in the second half of its life: each answer must carry the next one (RFC 9449 §8.2). */
async function openWithLateNonce({ method, start }: Pick<Adapter, 'method' | 'start'>, gate: GateOptions = {}) {
  const kit = await createTestKit();
  const verifier = createVerifier({
    ...kit.options,
    revocation: null, // not fresh after a jump of the clock
    dpop: { publicOrigin, nonces: true, nonceLifetimeMs: 10_000 },
  });
  opened.push(kit, verifier);
  expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
  const server = await start(verifier, gate);
  opened.push(server);
  const realNow = Date.now;
  let laterMs = 0;
  const now = jest.spyOn(Date, 'now').mockImplementation(() => realNow() + laterMs);
  opened.push({ close: async () => now.mockRestore() });

  async function ask(subject: string, nonce?: string) {
    const token = kit.token({ subject, scopes: ['profile'], claims: { cnf: { jkt: thumbprintOf('es') } } });
    const ath = hash('sha256', token, 'base64url');
    const iat = Math.floor(Date.now() / 1000);
    const proof = forgeProof({}, { htm: method, htu: `${publicOrigin}/orders`, ath, iat, nonce });
    return fetch(server.url, { method, headers: { authorization: `DPoP ${token}`, dpop: proof } });
  }
  const first = (await ask('alice')).headers.get('dpop-nonce') ?? '';
  laterMs += 6000;
  return async (subject: string) => {
    const { status, headers } = await ask(subject, first);
    const next = headers.get('dpop-nonce');
    return { status, hasNext: next !== null && next !== first };
  };
}

const withHeaders = [reference, ...adapters].filter(({ hasHeaders, method }) => hasHeaders && method === 'GET');

it.each(withHeaders.filter(({ name }) => !name.startsWith('fetchGate')))(
  '$name sends the next nonce of DPoP also where the handler throws',
  async (adapter) => {
    jest.spyOn(console, 'error').mockImplementation(() => {}); // Hono writes the error there
    const ask = await openWithLateNonce(adapter);
    expect(await ask('alice')).toEqual({ status: 200, hasNext: true });
    expect(await ask(faulty)).toEqual({ status: 500, hasNext: true });
  },
);

it.each(withHeaders)('$name sends the next nonce of DPoP also with 403', async (adapter) => {
  const ask = await openWithLateNonce(adapter, { scopes: ['orders:read'] });
  expect(await ask('alice')).toEqual({ status: 403, hasNext: true });
});

const failures: readonly { readonly what: string; readonly status: number; fail(context: Koa.Context): void }[] = [
  { what: 'a text is thrown', status: 500, fail: () => raise('a text') },
  { what: 'an object is thrown', status: 500, fail: () => raise({ status: 409 }) },
  {
    what: 'an error with headers is thrown',
    status: 418,
    fail: (context) => context.throw(418, { headers: { a: 'b' } }),
  },
];

function raise(value: unknown): never {
  throw value;
}

it.each(failures)('koaGate of Koa sends the next nonce where $what', async ({ status, fail }) => {
  const app = new Koa();
  app.silent = true;
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  const ask = await openWithLateNonce({
    method: 'GET',
    async start(verifier, options) {
      app.use(koaGate(verifier, options));
      app.use(fail);
      return listen(createServer(app.callback()));
    },
  });
  expect(await ask('alice')).toEqual({ status, hasNext: true });
  expect(errors).toHaveLength(1);
});

it('koaGate of Koa adds nothing to an error that is thrown again for another client', async () => {
  const error = Object.assign(new Error('a constant of the application'), { status: 409, headers: { a: 'b' } });
  const app = new Koa();
  app.silent = true;
  const ask = await openWithLateNonce({
    method: 'GET',
    async start(verifier, options) {
      app.use(koaGate(verifier, options));
      app.use(() => raise(error));
      return listen(createServer(app.callback()));
    },
  });
  expect(await ask('alice')).toEqual({ status: 409, hasNext: true });
  expect(error.headers).toEqual({ a: 'b' });
});
