import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createVerifier, type Verifier } from '@revocast/middleware';
import { until } from '@revocast/test-support';
import { createTestKit, type TestKit } from '@revocast/testing';
import * as socketIo from 'socket.io';
import { type DeafWebSocket, openDeafWebSocket } from './deaf-web-socket.ts';
import { executed } from './stream-libraries.ts';
import { serveRecipe } from './stream-recipe.ts';

// The recipes of docs/streams.md, with clients that ignore the end of their stream, leave early, or fill the bound.

const opened: (() => unknown)[] = [];
let kit: TestKit;
beforeEach(async () => {
  executed.length = 0;
  kit = await createTestKit();
  opened.push(() => kit.close());
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function readyVerifier(maxStreams?: number): Promise<Verifier> {
  const verifier = createVerifier({ ...kit.options, watch: { maxStreams } });
  opened.push(() => verifier.close());
  await kit.ready();
  return verifier;
}

async function serve(heading: string, verifier: Verifier, libraries = {}) {
  const served = await serveRecipe(heading, { verifier, libraries });
  opened.push(served.close);
  return served;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const turn = () => new Promise((resolve) => setImmediate(resolve));
const watchedBy = (verifier: Verifier) => verifier.status().streams?.watched;

function deaf(target: Parameters<typeof openDeafWebSocket>[0]): DeafWebSocket {
  const client = openDeafWebSocket(target);
  opened.push(() => client.socket.destroy());
  return client;
}

/** Resolves when the server has read all that the client has sent so far: it answers a later request of another one. */
async function settle(port: number): Promise<void> {
  for (let count = 0; count < 3; count += 1) {
    await fetch(`http://127.0.0.1:${port}/nowhere`).then((response) => response.arrayBuffer());
    await turn();
  }
}

const graphql = { path: '/graphql', headers: { 'Sec-WebSocket-Protocol': 'graphql-transport-ws' } };
const init = (token: string) => JSON.stringify({ type: 'connection_init', payload: { token } });
const pay = (note: string) => {
  const query = `mutation { pay(note: "${note}") }`;
  return JSON.stringify({ id: note, type: 'subscribe', payload: { query } });
};

/** Engine.IO drops what is sent before its own handshake. */
async function openEngine(port: number): Promise<DeafWebSocket> {
  const client = deaf({ port, path: '/socket.io/?EIO=4&transport=websocket' });
  await until(() => client.received().includes('0{"sid"'), { what: 'the handshake of Engine.IO' });
  return client;
}

describe('a client that ignores the close frame', () => {
  it('runs no operation of graphql-ws after a refusal', async () => {
    const { port } = await serve('graphql-ws', await readyVerifier());
    const client = deaf({ port, ...graphql });
    client.send(init('x.y.z'));
    await until(() => client.received().includes('\x11\x31'), { what: 'the close code 4401' });
    client.send(pay('stranger'));
    await settle(port);
    expect(executed).toEqual([]);
  });

  it('runs no operation of graphql-ws after the revocation, and is cut', async () => {
    const { port } = await serve('graphql-ws', await readyVerifier());
    const client = deaf({ port, ...graphql });
    client.send(init(kit.token({ session: 's1' })));
    await until(() => client.received().includes('connection_ack'), { what: 'the acknowledgement' });
    client.send(pay('before'));
    await until(() => executed.length > 0, { what: 'the first operation' });
    await kit.revoke({ session: 's1' });
    client.send(pay('after'));
    await settle(port);
    expect(executed).toEqual(['before']);
    await once(client.socket, 'close');
  });

  it('runs no operation of graphql-ws that it sends before it is decided about', async () => {
    const { port } = await serve('graphql-ws', await readyVerifier());
    const client = deaf({ port, ...graphql });
    client.send(init('x.y.z'));
    client.send(pay('at once'));
    await settle(port);
    await settle(port);
    expect(executed).toEqual([]);
  });

  it('gets no echo of ws after the revocation, and is cut', async () => {
    const { port } = await serve('ws', await readyVerifier());
    const client = deaf({ port, headers: bearer(kit.token({ session: 's1' })) });
    client.send('before');
    await until(() => client.received().includes('before'), { what: 'the echo' });
    await kit.revoke({ session: 's1' });
    client.send('after');
    await settle(port);
    expect(client.received()).not.toContain('after');
    await once(client.socket, 'close');
  });

  it('ends no process with a malformed frame', async () => {
    const { port } = await serve('ws', await readyVerifier());
    const client = deaf({ port, headers: bearer(kit.token()) });
    client.send('hello');
    await until(() => client.received().includes('hello'), { what: 'the echo' });
    client.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    await once(client.socket, 'close');
  });

  it('reaches no handler of Socket.IO after the revocation', async () => {
    const handled: string[] = [];
    class Server extends socketIo.Server {
      constructor(...given: ConstructorParameters<typeof socketIo.Server>) {
        super(...given);
        this.on('connection', (socket) => socket.on('pay', (note) => handled.push(note)));
      }
    }
    const { port } = await serve('Socket.IO', await readyVerifier(), { 'socket.io': { ...socketIo, Server } });
    const client = await openEngine(port);
    client.send(`40${JSON.stringify({ token: kit.token({ session: 's1' }) })}`);
    await until(() => client.received().includes('40{"sid"'), { what: 'the connection' });
    client.send('42["pay","before"]');
    await until(() => handled.length > 0, { what: 'the first event' });
    await kit.revoke({ session: 's1' });
    client.send('42["pay","after"]');
    await settle(port);
    expect(handled).toEqual(['before']);
  });

  it('reaches no other namespace of Socket.IO without a token', async () => {
    const connected: string[] = [];
    let created: socketIo.Server | undefined;
    class Server extends socketIo.Server {
      constructor(...given: ConstructorParameters<typeof socketIo.Server>) {
        super(...given);
        created = this;
      }
    }
    const { port } = await serve('Socket.IO', await readyVerifier(), { 'socket.io': { ...socketIo, Server } });
    created?.of('/admin').on('connection', () => connected.push('admin'));
    const client = await openEngine(port);
    client.send('40/admin,');
    await until(() => /4[04]\/admin/.test(client.received()), { what: 'the answer' });
    expect(client.received()).toContain('44/admin');
    expect(connected).toEqual([]);
  });
});

/** How a request for the stream of each recipe begins. */
const requests = {
  'Server-Sent Events': { path: '/news' },
  Hono: { path: '/ticks' },
  'MCP (Streamable HTTP)': { path: '/mcp' },
  'tRPC (subscriptions over Server-Sent Events)': { path: '/trpc/ticks' },
} as const;
const ofHttp = Object.entries(requests);
const accept = 'text/event-stream';

describe.each(ofHttp)('the recipe for %s', (heading, { path }) => {
  it.each(['HEAD', 'OPTIONS'])('leaves no stream behind after a %s', async (method) => {
    const verifier = await readyVerifier();
    const { port } = await serve(heading, verifier);
    const headers = { ...bearer(kit.token()), accept };
    for (let count = 0; count < 5; count += 1) await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
    await until(() => watchedBy(verifier) === 0, { what: 'the end of every stream' });
  });
});

describe.each(ofHttp.filter(([, { path }]) => path !== '/mcp'))(
  'the recipe for %s, above the bound',
  (heading, { path }) => {
    it('answers 503', async () => {
      const verifier = await readyVerifier(1);
      const { port } = await serve(heading, verifier);
      const leaving = new AbortController();
      opened.push(() => leaving.abort());
      const open = () =>
        fetch(`http://127.0.0.1:${port}${path}`, {
          headers: { ...bearer(kit.token()), accept },
          signal: leaving.signal,
        });
      expect((await open()).status).toBe(200);
      const refused = await open();
      expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
    });
  },
);

describe.each([
  ['ws', { path: '/' }],
  ['graphql-ws', graphql],
])('the recipe for %s, above the bound', (heading, target) => {
  it('closes the socket with 1013', async () => {
    const { port } = await serve(heading, await readyVerifier(1));
    const open = () => {
      const token = kit.token();
      const client = deaf({ port, ...target, headers: { ...graphqlHeadersOf(target), ...bearer(token) } });
      client.send(init(token));
      return client;
    };
    const first = open();
    await until(() => first.received().includes('connection_'), { what: 'the first connection' });
    const second = open();
    await until(() => second.received().includes('\x88\x02\x03\xf5'), { what: 'the close code 1013' });
    expect(first.received()).not.toContain('\x88\x02');
  });
});

function graphqlHeadersOf(target: object): Record<string, string> {
  return 'headers' in target ? graphql.headers : {};
}

describe('the recipe for MCP (Streamable HTTP), with sessions', () => {
  async function serveMcp() {
    const { port } = await serve('MCP (Streamable HTTP)', await readyVerifier());
    const send = async (token: string, session?: string) => {
      const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
      const method = session === undefined ? 'initialize' : 'ping';
      const headers = {
        ...bearer(token),
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
      };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const answer = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body });
      await answer.arrayBuffer();
      return { status: answer.status, session: answer.headers.get('mcp-session-id') ?? '' };
    };
    return send;
  }

  it('hides the session of a user from every other user', async () => {
    const send = await serveMcp();
    const { session } = await send(kit.token({ subject: 'alice' }));
    expect((await send(kit.token({ subject: 'bob' }), session)).status).toBe(404);
    expect((await send(kit.token({ subject: 'alice' }), session)).status).toBe(200);
  });

  it('keeps ten sessions of a user, and none of another user gives way', async () => {
    const send = await serveMcp();
    const others = await send(kit.token({ subject: 'bob' }));
    const sessions: string[] = [];
    for (let count = 0; count < 11; count += 1) sessions.push((await send(kit.token())).session);
    const statuses = sessions.map(async (session) => (await send(kit.token(), session)).status);
    expect(await Promise.all(statuses)).toEqual([404, ...Array(10).fill(200)]);
    expect((await send(kit.token({ subject: 'bob' }), others.session)).status).toBe(200);
  });
});

describe('clients that leave while the gate waits for the keys of the issuer', () => {
  /** A verifier whose keys arrive when they are released. */
  async function waitingVerifier() {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { jwks, ...others } = kit.options;
    let asked = 0;
    const keys = createServer(async (_request, response) => {
      asked += 1;
      await released;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(jwks));
    });
    keys.listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const jwksUri = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/`;
    const verifier = createVerifier({ ...others, jwksUri, dangerouslyAllowHttp: true });
    opened.push(
      () => verifier.close(),
      () => keys.closeAllConnections(),
      () => keys.close(),
    );
    return { verifier, release, isAsked: () => asked > 0 };
  }

  type Leave = () => unknown;
  const openRequest =
    (path: string) =>
    (port: number, token: string): Leave => {
      const headers = { ...bearer(token), accept };
      const request = httpRequest({ port, path, host: '127.0.0.1', headers, agent: false });
      request.on('error', () => {}).end();
      return () => request.destroy();
    };
  const clients: Readonly<Record<string, (port: number, token: string) => Leave | Promise<Leave>>> = {
    'Server-Sent Events': openRequest('/news'),
    Hono: openRequest('/ticks'),
    'MCP (Streamable HTTP)': openRequest('/mcp'),
    'tRPC (subscriptions over Server-Sent Events)': openRequest('/trpc/ticks'),
    ws(port, token) {
      const { socket } = deaf({ port, headers: bearer(token) });
      return () => socket.destroy();
    },
    'graphql-ws'(port, token) {
      const { socket, send } = deaf({ port, ...graphql });
      send(init(token));
      return () => socket.destroy();
    },
    async 'Socket.IO'(port, token) {
      const { socket, send } = await openEngine(port);
      send(`40${JSON.stringify({ token })}`);
      return () => socket.destroy();
    },
  };

  it.each(Object.entries(clients))('leave no watch in the recipe for %s', async (heading, open) => {
    const { verifier, release, isAsked } = await waitingVerifier();
    const { port, server } = await serve(heading, verifier);
    const token = kit.token();
    let arrived = 0;
    let left = 0;
    server.on('connection', (socket) => {
      arrived += 1;
      socket.once('close', () => {
        left += 1;
      });
    });
    const leave = await Promise.all([1, 2, 3].map(() => open(port, token)));
    await until(() => isAsked() && arrived === 3, { what: 'the requests of three clients' });
    await turn();
    for (const each of leave) each();
    await until(() => left === 3, { what: 'the end of three connections' });
    release();
    expect(await verifier.ready({ timeoutMs: 10_000 })).toBe(true);
    await settle(port);
    expect(watchedBy(verifier)).toBe(0);
  });
});
