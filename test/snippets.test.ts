import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as denylist from '@revocast/denylist';
import * as issuerPackage from '@revocast/issuer';
import * as issuerExpress from '@revocast/issuer/express';
import * as oidcProvider from '@revocast/issuer/oidc-provider';
import * as middleware from '@revocast/middleware';
import * as fastifyAdapter from '@revocast/middleware/fastify';
import * as fetchAdapter from '@revocast/middleware/fetch';
import * as koaAdapter from '@revocast/middleware/koa';
import * as mcpAdapter from '@revocast/middleware/mcp';
import * as nestAdapter from '@revocast/middleware/nest';
import * as socketAdapter from '@revocast/middleware/socket.io';
import { createSigner, type Signer } from '@revocast/test-support';
import * as testing from '@revocast/testing';
import express, { type Express } from 'express';
import fastify from 'fastify';
import { GraphQLError } from 'graphql';
import Koa from 'koa';
import { Provider } from 'oidc-provider';
import { Registry } from 'prom-client';
import { runSnippet, snippetsIn } from './run-snippet.ts';
import { schema, streamLibraries } from './stream-libraries.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ...['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name, 'README.md')),
  ),
].filter((page) => page.endsWith('.md') && existsSync(join(root, page)));
const snippets = pages.flatMap(snippetsIn);

const issuer = 'https://login.example.com/';
const audience = 'https://api.example.com';
let signer: Signer;
beforeAll(async () => {
  signer = await createSigner({ issuer, audience });
});

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** What a snippet imports, or has from a snippet before it. */
async function openStandIns() {
  const createPublisher: typeof denylist.createPublisher = async (url, options) => {
    const publisher = await denylist.createPublisher(url.replace(/^redis:.*/, 'memory:'), options);
    opened.push(() => publisher.close());
    // A replica follows the log, so that a revocation can be enforced.
    const follower = createVerifier({ issuer, audience, jwks: signer.jwks, revocation: { feed: publisher } });
    expect(await follower.ready({ timeoutMs: 5000 })).toBe(true);
    return publisher;
  };
  const createVerifier: typeof middleware.createVerifier = (options) => {
    const verifier = middleware.createVerifier({ logger: { info() {}, warn() {} }, ...options });
    opened.push(() => verifier.close());
    return verifier;
  };
  const protect: typeof middleware.protect = (given, options) => {
    const isVerifier = given !== undefined && 'verify' in given;
    return middleware.protect(isVerifier ? given : createVerifier(given), options);
  };
  const app = express();
  const createApp = (): Express => {
    const created = express();
    const { listen: start } = created;
    const listen = (_port: number) => {
      const server = start.call(created, 0);
      opened.push(() => end(server));
      return server;
    };
    return Object.assign(created, { listen });
  };
  const publisher = await createPublisher('memory:');
  const options = { issuer, audience, jwks: signer.jwks, revocation: { feed: publisher } };
  const verifier = createVerifier(options);
  expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
  const createLifecycle: typeof issuerPackage.createLifecycle = async (given) => {
    const log = typeof given.log === 'string' ? given.log.replace(/^redis:.*/, 'memory:') : given.log;
    const lifecycle = await issuerPackage.createLifecycle({ ...given, log });
    opened.push(() => lifecycle.close());
    return lifecycle;
  };
  const cors = () => (_request: IncomingMessage, _response: ServerResponse, next: () => void) => next();
  const server = createServer(app);
  opened.push(() => end(server));
  const createTestKit: typeof testing.createTestKit = async (given) => {
    const kit = await testing.createTestKit(given);
    opened.push(() => kit.close());
    return kit;
  };
  const ours = { ...middleware, ...denylist, createPublisher, createVerifier, protect, createTestKit };
  const modules = {
    express: { default: Object.assign(createApp, { json: express.json }) },
    'prom-client': { Registry },
    'node:crypto': await import('node:crypto'),
    'node:http': await import('node:http'),
    '@opentelemetry/api': await import('@opentelemetry/api'),
    '@revocast/denylist': { ...denylist, createPublisher },
    '@revocast/issuer': { ...issuerPackage, createLifecycle },
    '@revocast/issuer/express': issuerExpress,
    '@revocast/issuer/oidc-provider': oidcProvider,
    // A database that only has its tables.
    '@revocast/issuer/postgres': { postgresStore: () => issuerPackage.memoryStore() },
    'oidc-provider': { Provider },
    '@revocast/middleware/fastify': fastifyAdapter,
    '@revocast/middleware/fetch': fetchAdapter,
    '@revocast/middleware/koa': koaAdapter,
    '@revocast/middleware/mcp': mcpAdapter,
    '@revocast/middleware/nest': nestAdapter,
    '@revocast/middleware/socket.io': socketAdapter,
    fastify: { default: fastify },
    graphql: { GraphQLError },
    koa: { default: Koa },
    ...streamLibraries,
    '@revocast/middleware': { ...middleware, createVerifier, protect },
    '@revocast/sidecar': await import('@revocast/sidecar'),
    '@revocast/testing': { ...testing, createTestKit },
  };
  const quiet = { log() {}, table() {}, error() {} };
  const scope = {
    ...ours,
    modules,
    app,
    api: express(),
    admin: express(),
    pages: express(),
    server,
    verifier,
    publisher,
    options,
    issuer,
    audience,
    cors,
    console: quiet,
    registry: new Registry(),
    schema,
    serve() {},
    publicJwk: signer.jwks.keys[0],
    token: await signer.sign(),
    lifecycle: await createLifecycle({ issuer, log: publisher, keys: signer.jwks }),
    pool: {},
    refreshKey: randomBytes(32),
    signIn: async () => ({ subject: 'alice', session: 'sid-1' }),
    sessionOf: async () => 'sid-1',
    sign: async () => 'a signed access token',
    config: {},
    MyAdapter: class {},
    clientOf: () => 'client-1',
    revokeOpaqueToken: (_request: IncomingMessage, response: ServerResponse) => void response.end(),
    response: { sendStatus() {} },
    listOrders: (_request: IncomingMessage, response: ServerResponse) => void response.end('[]'),
    handleMcp: (_request: IncomingMessage, response: ServerResponse) => void response.end('{}'),
    tenants: { findByIssuer: async () => undefined },
    geoip: { find: () => undefined },
    alerts: { send() {} },
    audit: { write() {} },
    openTelemetry: { api: modules['@opentelemetry/api'] },
    sockets: {
      handleUpgrade: (_request: unknown, socket: Duplex, _head: unknown, done: (ws: Duplex) => void) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        done(socket);
      },
    },
    open: (socket: Duplex) => socket.end(),
  };
  return scope;
}

describe('every snippet of the documentation', () => {
  it('is found, in every page that has one', () => {
    const found = new Set(snippets.map(({ at }) => at.split(':')[0]));
    for (const page of ['README.md', 'docs/mounting.md', 'docs/verification.md', 'docs/usage.md', 'docs/sidecar.md'])
      expect(found).toContain(page);
  });

  it.each(snippets.map((snippet) => [snippet.at, snippet] as const))('%s runs', async (_at, snippet) => {
    const scope = await openStandIns();
    await runSnippet(snippet, scope);
    // A route that fails would answer 500, with the error.
    const { server } = scope;
    await once(server.listen(0, '127.0.0.1'), 'listening');
    for (const path of ['/healthz', '/readyz', '/orders']) {
      expect([200, 401, 404, 503]).toContain(await statusOf(server, path, scope.token));
    }
  });
});

/** The snippets that write to the sockets of clients. */
const withSockets = snippets.filter(({ code }) => /\bsocket\b/.test(code) && code.includes('upgrade'));

describe('a snippet that writes to a socket', () => {
  it('is there', () => {
    expect(withSockets.length).toBeGreaterThan(0);
  });

  it.each(withSockets.map((snippet) => [snippet.at, snippet] as const))(
    '%s survives a peer that resets the connection, and answers the others',
    async (_at, snippet) => {
      const scope = await openStandIns();
      await runSnippet(snippet, scope);
      const { server, token } = scope;
      const errors: Error[] = [];
      const closed: Promise<unknown>[] = [];
      server.on('upgrade', (_request, socket) => {
        // Node throws the error of a socket that has no listener for it, which ends the process.
        if (socket.listenerCount('error') === 0) socket.on('error', (error: Error) => void errors.push(error));
        closed.push(once(socket, 'close').catch(() => {}));
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      for (let count = 0; count < 5; count += 1) {
        const seen = once(server, 'upgrade');
        const peer = connect(port, '127.0.0.1').on('error', () => {});
        peer.write(
          `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${token}\r\n\r\n`,
        );
        await seen;
        peer.resetAndDestroy();
      }
      await Promise.all(closed);
      expect(errors).toEqual([]);
      expect(await upgradeOf(server, token)).toBe(101);
      expect(await upgradeOf(server, 'x.y.z')).toBe(401);
    },
  );
});

async function end(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

async function statusOf(server: Server, path: string, token: string): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

/** The status of the answer to an upgrade. */
async function upgradeOf(server: Server, token: string): Promise<number | undefined> {
  const { port } = server.address() as AddressInfo;
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-version': '13',
    authorization: `Bearer ${token}`,
  };
  const sent = httpRequest({ port, host: '127.0.0.1', headers });
  sent.end();
  const [answer] = (await Promise.race([once(sent, 'upgrade'), once(sent, 'response')])) as [IncomingMessage];
  answer.socket.destroy();
  return answer.statusCode;
}
