import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGate, createVerifier, type Verifier } from '@revocast/middleware';
import { fetchGate, honoGate } from '@revocast/middleware/fetch';
import { createTestKit, type TestKit } from '@revocast/testing';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { GraphQLError } from 'graphql';
import { Hono } from 'hono';

// Recipes of docs/frameworks.md and docs/mounting.md, as they stand there.

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');
const page = readFileSync(join(docs, 'frameworks.md'), 'utf8') + readFileSync(join(docs, 'mounting.md'), 'utf8');

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

/** The function that a recipe declares. */
function recipe(declaration: string, verifier: Verifier, given: object = {}) {
  const [name] = declaration.split(' =');
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const found = blocks.find((code) => code.includes(`const ${declaration}`));
  if (found === undefined)
    throw new Error(`expected a recipe with ${declaration} in docs/frameworks.md or docs/mounting.md`);
  const body = `${found.replace(/^import .*$/gm, '').replace(/^export /gm, '')}\nreturn ${name};`;
  const scope = { createGate, verifier, TRPCError, GraphQLError, Hono, honoGate, fetchGate, ...given };
  return new Function(...Object.keys(scope), body)(...Object.values(scope));
}

async function open() {
  const kit = await createTestKit();
  opened.push(kit);
  const verifier = createVerifier({ ...kit.options, exposeReason: false });
  opened.push(verifier);
  await kit.ready();
  return { kit, verifier };
}

/** Tokens for the statuses that a client can see. */
async function tokenFor(status: number, kit: TestKit): Promise<string> {
  const token = kit.token({ session: 's1' });
  if (status === 401) await kit.revoke({ session: 's1' });
  if (status === 503) await kit.outage();
  return token;
}

describe('the recipe for tRPC', () => {
  it.each([
    [200, undefined],
    [400, 'BAD_REQUEST'],
    [401, 'UNAUTHORIZED'],
    [503, 'SERVICE_UNAVAILABLE'],
  ])('answers %i with the code %s, and does not name the reason', async (status, code) => {
    const { kit, verifier } = await open();
    const t = initTRPC.context<{ auth: { subject: string } }>().create();
    const router = t.router({ owner: t.procedure.query(({ ctx }) => ctx.auth.subject) });
    const server = createHTTPServer({ router, createContext: recipe('createContext =', verifier) });
    opened.push({ close: () => server.close() });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const token = await tokenFor(status, kit);
    const authorization = status === 400 ? `Bearer ${token}, Bearer ${token}` : `Bearer ${token}`;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/owner`;
    const answer = await fetch(url, { headers: { authorization } });
    const text = await answer.text();
    expect({ status: answer.status, code: JSON.parse(text).error?.data.code }).toEqual({ status, code });
    expect(JSON.parse(text).error?.message ?? '').not.toMatch(/revoked|denylist_unavailable|malformed_request/);
    expect(answer.headers.has('retry-after')).toBe(status === 503);
    expect(answer.headers.has('www-authenticate')).toBe(status === 400 || status === 401);
    server.closeAllConnections();
  });
});

describe('the recipe for GraphQL', () => {
  it.each([
    [401, 'UNAUTHENTICATED'],
    [503, 'SERVICE_UNAVAILABLE'],
  ])('answers %i with the code %s', async (status, code) => {
    const { kit, verifier } = await open();
    const contextOf = recipe('contextOf =', verifier);
    const headers = { authorization: `Bearer ${await tokenFor(status, kit)}` };
    const error: GraphQLError = await contextOf({ req: { headers } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GraphQLError);
    expect(error.extensions).toMatchObject({ code, http: { status } });
    const sent = (error.extensions['http'] as { headers: Map<string, string> }).headers;
    expect(sent.has(status === 503 ? 'Retry-After' : 'WWW-Authenticate')).toBe(true);
    expect(error.message).not.toMatch(/revoked_|denylist_unavailable/);
  });

  it('passes on what the token says', async () => {
    const { kit, verifier } = await open();
    const headers = { authorization: `Bearer ${kit.token()}` };
    expect(await recipe('contextOf =', verifier)({ req: { headers } })).toMatchObject({ auth: { subject: 'alice' } });
  });

  it('sends the next DPoP nonce with the answer', async () => {
    const { verifier } = await open();
    const passage = { pass: true, auth: { subject: 'alice' }, headers: { 'DPoP-Nonce': 'next' } };
    const set: [string, string][] = [];
    const res = { setHeader: (name: string, value: string) => set.push([name, value]) };
    await recipe('contextOf =', verifier, { createGate: () => async () => passage })({ req: {}, res });
    expect(set).toEqual([['DPoP-Nonce', 'next']]);
  });
});

describe('the recipe for Hono', () => {
  it.each(['GET', 'DELETE', 'HEAD'])('covers the path and every path below it: %s', async (method) => {
    const { verifier } = await open();
    const api: Hono = recipe('api = new Hono', verifier);
    api.all('/orders/:id', (context) => context.text('an order'));
    const statuses = ['/orders', '/orders/7', '/healthz'].map(
      async (path) => (await api.request(path, { method })).status,
    );
    expect((await Promise.all(statuses)).slice(0, 2)).toEqual([401, 401]);
  });
});

describe('the recipe for SvelteKit', () => {
  it('sets headers also on a response that is immutable', async () => {
    const { kit, verifier } = await open();
    const handle = recipe('handle =', verifier);
    const request = new Request('https://api.example.com/', { headers: { authorization: `Bearer ${kit.token()}` } });
    const resolve = async () => Response.redirect('https://api.example.com/orders', 302);
    expect((await handle({ event: { request, locals: {} }, resolve })).status).toBe(302);
  });
});

describe('the recipe for events of API Gateway', () => {
  it.each([200, 401, 503])('answers %i, and an outage never as a fault of the token', async (status) => {
    const { kit, verifier } = await open();
    const handler = recipe('handler =', verifier);
    const answer = await handler({ headers: { authorization: `Bearer ${await tokenFor(status, kit)}` } });
    expect(answer.statusCode).toBe(status);
    expect('Retry-After' in answer.headers).toBe(status === 503);
  });
});
