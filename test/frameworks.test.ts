import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGate, createVerifier, type Verifier } from '@revocast/middleware';
import { createTestKit, type TestKit } from '@revocast/testing';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { GraphQLError } from 'graphql';

// The recipes of docs/frameworks.md for frameworks without an adapter of their own, as they stand there.

const page = readFileSync(join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/frameworks.md'), 'utf8');

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0).reverse()) await close();
});

/** The function that a recipe declares. */
function recipe(name: string, verifier: Verifier) {
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const found = blocks.find((code) => code.includes(`const ${name} =`));
  if (found === undefined) throw new Error(`expected a recipe with ${name} in docs/frameworks.md`);
  const body = `${found.replace(/^import .*$/gm, '')}\nreturn ${name};`;
  return new Function('createGate', 'verifier', 'TRPCError', 'GraphQLError', body)(
    createGate,
    verifier,
    TRPCError,
    GraphQLError,
  );
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
    const server = createHTTPServer({ router, createContext: recipe('createContext', verifier) });
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
    const contextOf = recipe('contextOf', verifier);
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
    expect(await recipe('contextOf', verifier)({ req: { headers } })).toMatchObject({ auth: { subject: 'alice' } });
  });
});
