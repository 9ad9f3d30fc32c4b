import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Verifier } from '@revocast/middleware';
import { until } from '@revocast/test-support';
import { createClient } from 'graphql-ws';
import { io as connectSocketIo } from 'socket.io-client';
import { WebSocket } from 'ws';
import { type ObservedWorld, startObservedWorld } from './observed-world.ts';
import { serveRecipe } from './stream-recipe.ts';

jest.setTimeout(60_000);

let world: ObservedWorld;
let verifier: Verifier;
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  world = await startObservedWorld();
  ({ verifier } = await world.startApi());
  expect(await verifier.ready({ timeoutMs: 10_000 })).toBe(true);
});
afterAll(() => world.stop());
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  await until(() => verifier.status().streams?.watched === 0, { what: 'the end of every stream' });
});

/** How a stream has ended, as its client sees it. */
interface Client {
  /** Whether it has received something. */
  readonly isOpen: () => boolean;
  readonly end: () => string | undefined;
}

type Connect = (port: number, token: string) => Promise<Client> | Client;

/** A client of Server-Sent Events. */
async function readEvents(url: string, headers: Record<string, string>): Promise<Client> {
  const leaving = new AbortController();
  opened.push(() => leaving.abort());
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: leaving.signal });
  let text = '';
  let ended: string | undefined;
  const read = async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    ended = /event: (\w+)\ndata: \{\}\n\n$/.exec(text)?.[1] ?? 'without a last event';
  };
  read().catch((error: unknown) => {
    ended = `cut: ${error}`;
  });
  return { isOpen: () => response.status === 200, end: () => ended };
}

/** Initializes a session of MCP, and opens its stream. */
async function openMcp(url: string, token: string): Promise<Client> {
  const accept = 'application/json, text/event-stream';
  const headers = { authorization: `Bearer ${token}`, accept, 'content-type': 'application/json' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
  const initialized = await fetch(url, { method: 'POST', headers, body });
  expect(await initialized.text()).toContain('"serverInfo"');
  const session = initialized.headers.get('mcp-session-id') ?? '';
  return readEvents(url, { authorization: `Bearer ${token}`, 'mcp-session-id': session });
}

const recipes: Readonly<Record<string, { readonly connect: Connect; readonly end: string }>> = {
  ws: {
    end: '4401',
    connect(port, token) {
      const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { authorization: `Bearer ${token}` } });
      const seen = { echo: false, code: undefined as string | undefined };
      opened.push(() => client.terminate());
      client.on('error', () => {});
      client.on('open', () => client.send('hello'));
      client.on('message', () => {
        seen.echo = true;
      });
      client.on('close', (code) => {
        seen.code = String(code);
      });
      return { isOpen: () => seen.echo, end: () => seen.code };
    },
  },
  'Server-Sent Events': {
    end: 'revoked',
    connect: (port, token) => readEvents(`http://127.0.0.1:${port}/news`, { authorization: `Bearer ${token}` }),
  },
  'Socket.IO': {
    end: '4401 io server disconnect',
    connect(port, token) {
      const client = connectSocketIo(`http://127.0.0.1:${port}`, { auth: { token }, reconnection: false });
      const seen = { code: undefined as unknown, why: undefined as string | undefined };
      client.on('ended', (code) => {
        seen.code = code;
      });
      client.on('disconnect', (why) => {
        seen.why = `${seen.code} ${why}`;
      });
      opened.push(() => client.close());
      return { isOpen: () => client.connected, end: () => seen.why };
    },
  },
  'graphql-ws': {
    end: '4401',
    connect(port, token) {
      const seen = { ticks: 0, code: undefined as string | undefined };
      const client = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { token },
        retryAttempts: 0,
        on: {
          closed(event) {
            seen.code = String((event as { code: number }).code);
          },
        },
      });
      const next = () => {
        seen.ticks += 1;
      };
      client.subscribe({ query: 'subscription { tick }' }, { next, error() {}, complete() {} });
      opened.push(() => Promise.resolve(client.dispose()).catch(() => {}));
      return { isOpen: () => seen.ticks > 0, end: () => seen.code };
    },
  },
  Hono: {
    end: 'without a last event',
    connect: (port, token) => readEvents(`http://127.0.0.1:${port}/ticks`, { authorization: `Bearer ${token}` }),
  },
  'MCP (Streamable HTTP)': {
    end: 'revoked',
    connect: (port, token) => openMcp(`http://127.0.0.1:${port}/mcp`, token),
  },
  'tRPC (subscriptions over Server-Sent Events)': {
    end: 'revoked',
    connect: (port, token) => readEvents(`http://127.0.0.1:${port}/trpc/ticks`, { authorization: `Bearer ${token}` }),
  },
};

async function serve(heading: string): Promise<number> {
  const served = await serveRecipe(heading, { verifier });
  opened.push(served.close);
  return served.port;
}

describe.each(Object.entries(recipes))('the recipe for %s, behind a real sidecar and Redis', (heading, recipe) => {
  it('ends the stream of a revoked session, and no other', async () => {
    const port = await serve(heading);
    const [revoked, other] = [`${heading} 1`, `${heading} 2`];
    const client = await recipe.connect(port, await world.issuer.sign({ sid: revoked }));
    const bystander = await recipe.connect(port, await world.issuer.sign({ sid: other }));
    const watched = () => verifier.status().streams?.watched;
    await until(() => client.isOpen() && bystander.isOpen() && watched() === 2, { what: 'two open streams' });
    await world.publisher.revoke({ issuer: world.issuer.issuer, session: revoked, reason: 'logout' });
    await until(() => client.end(), { what: 'the end of the stream' });
    expect(client.end()).toBe(recipe.end);
    expect(bystander.end()).toBeUndefined();
    expect(watched()).toBe(1);
  });

  it('opens no stream for a token that is revoked already', async () => {
    const port = await serve(heading);
    const session = `${heading} 3`;
    const token = await world.issuer.sign({ sid: session });
    await world.publisher.revoke({ issuer: world.issuer.issuer, session, reason: 'logout' });
    const headers = { authorization: `Bearer ${token}` };
    await until(async () => (await verifier.verify({ headers })).outcome === 'rejected', { what: 'the revocation' });
    const client = await Promise.resolve(recipe.connect(port, token)).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client?.isOpen() ?? false).toBe(false);
  });
});
