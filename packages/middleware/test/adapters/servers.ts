import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { Controller, Get, Module, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import { fastifyGate, fastifyPlugin } from '../../src/adapters/fastify.ts';
import { fetchGate, honoGate } from '../../src/adapters/fetch.ts';
import { koaGate } from '../../src/adapters/koa.ts';
import { type McpAuthInfo, mcpGate } from '../../src/adapters/mcp.ts';
import { type NestGuard, nestGuard } from '../../src/adapters/nest.ts';
import { type SocketRefusal, socketGate } from '../../src/adapters/socket-io.ts';
import { authOf, type GateOptions, protect, requireScope, type Verifier } from '../../src/index.ts';

/** What a client sees. `body` of an accepted request is `{ owner }`. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A server with one route, `/orders`, and a client of it. */
export interface TestServer {
  readonly url: string;
  ask(headers: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<unknown>;
}

export interface Adapter {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Whether headers of an answer reach the client. */
  readonly hasHeaders: boolean;
  start(verifier: Verifier, options: GateOptions): Promise<TestServer>;
}

/** Those of an answer that the middleware decides. */
const ours = ['www-authenticate', 'retry-after', 'dpop-nonce', 'cache-control', 'content-type'];

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const headers = [...response.headers].filter(
    ([name]) => ours.includes(name) && !(response.ok && name !== 'dpop-nonce'),
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    body: text === '' ? undefined : JSON.parse(text),
  };
}

export async function listen(server: Server): Promise<TestServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return served((server.address() as AddressInfo).port, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
}

function served(port: number, close: () => Promise<unknown>): TestServer {
  const url = `http://127.0.0.1:${port}/orders`;
  return { url, ask: (headers) => ask(url, { headers }), close };
}

/** The subject of a token for which every handler throws. */
export const faulty = 'faulty';

function answerTo(subject: string | undefined) {
  if (subject === faulty) throw new Error('the handler fails');
  return { owner: subject };
}

/** What the answers of all other frameworks are compared with. */
export const reference: Adapter = {
  name: 'protect of Express',
  method: 'GET',
  hasHeaders: true,
  start(verifier, { scopes = [] }) {
    const app = express().use(protect(verifier));
    const guards = scopes.length === 0 ? [] : [requireScope(...scopes)];
    app.get('/orders', ...guards, (request, response) => void response.json(answerTo(authOf(request).subject)));
    return listen(createServer(app));
  },
};

/** A server over a function of the Fetch API, as the Node adapters of the frameworks make it. */
function fetchServer(handle: (request: Request) => Response | Promise<Response>): Promise<TestServer> {
  const listener: RequestListener = async (incoming, outgoing) => {
    const response = await handle(toRequest(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  };
  return listen(createServer(listener));
}

function toRequest({ url, method, headers }: IncomingMessage): Request {
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Request(`http://127.0.0.1${url}`, { method: method ?? 'GET', headers: fields });
}

/** Decorators are called as functions: the tests are compiled without them. */
async function startNest(guard: NestGuard, adapter?: FastifyAdapter): Promise<TestServer> {
  class Orders {
    list(request: { auth?: { subject: string } }) {
      return answerTo(request.auth?.subject);
    }
  }
  Controller()(Orders);
  UseGuards(guard)(Orders);
  Get('orders')(Orders.prototype, 'list', Object.getOwnPropertyDescriptor(Orders.prototype, 'list') ?? {});
  Req()(Orders.prototype, 'list', 0);
  class App {}
  Module({ controllers: [Orders] })(App);
  const options = { logger: false } as const;
  const app = await (adapter === undefined
    ? NestFactory.create(App, options)
    : NestFactory.create(App, adapter, options));
  await app.listen(0, '127.0.0.1');
  return served((app.getHttpServer().address() as AddressInfo).port, () => app.close());
}

export const adapters: readonly Adapter[] = [
  {
    name: 'fastifyPlugin of Fastify',
    method: 'GET',
    hasHeaders: true,
    async start(verifier, options) {
      const app = fastify();
      await app.register(fastifyPlugin(verifier, options));
      app.get('/orders', async (request) => answerTo(authOf(request.raw).subject));
      await app.listen({ host: '127.0.0.1', port: 0 });
      return served((app.server.address() as AddressInfo).port, () => app.close());
    },
  },
  {
    name: 'fastifyGate of Fastify, on one route',
    method: 'GET',
    hasHeaders: true,
    async start(verifier, options) {
      const app = fastify();
      app.get('/orders', { onRequest: fastifyGate(verifier, options) }, async (request) =>
        answerTo((request as { auth?: { subject: string } }).auth?.subject),
      );
      await app.listen({ host: '127.0.0.1', port: 0 });
      return served((app.server.address() as AddressInfo).port, () => app.close());
    },
  },
  {
    name: 'fetchGate of the Fetch API',
    method: 'GET',
    hasHeaders: true,
    start(verifier, options) {
      const gate = fetchGate(verifier, options);
      return fetchServer(async (request) => {
        const passage = await gate(request);
        if (passage instanceof Response) return passage;
        return Response.json({ owner: passage.auth?.subject }, { headers: { ...passage.headers } });
      });
    },
  },
  {
    name: 'honoGate of Hono',
    method: 'GET',
    hasHeaders: true,
    start(verifier, options) {
      const app = new Hono<{ Variables: { auth: { subject: string } | undefined } }>();
      app.use(honoGate(verifier, options));
      app.get('/orders', (context) => context.json(answerTo(context.get('auth')?.subject)));
      return fetchServer((request) => app.fetch(request));
    },
  },
  {
    name: 'koaGate of Koa',
    method: 'GET',
    hasHeaders: true,
    start(verifier, options) {
      const app = new Koa();
      app.silent = true;
      app.use(koaGate(verifier, options));
      app.use((context) => {
        context.body = answerTo(context.state['auth'].subject);
      });
      return listen(createServer(app.callback()));
    },
  },
  {
    name: 'nestGuard of NestJS on Express',
    method: 'GET',
    hasHeaders: true,
    start: (verifier, options) => startNest(nestGuard(verifier, options)),
  },
  {
    name: 'nestGuard of NestJS on Fastify',
    method: 'GET',
    hasHeaders: true,
    start: (verifier, options) => startNest(nestGuard(verifier, options), new FastifyAdapter()),
  },
  {
    name: 'mcpGate of the MCP SDK',
    method: 'POST',
    hasHeaders: true,
    async start(verifier, options) {
      const app = express().use(express.json());
      app.post('/orders', mcpGate(verifier, options), async (request, response) => {
        const server = new McpServer({ name: 'orders', version: '1.0.0' });
        server.registerTool('owner', {}, ({ authInfo }) => ({
          content: [{ type: 'text', text: (authInfo as McpAuthInfo).extra.auth.subject }],
        }));
        const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
        response.on('close', () => void server.close());
        await server.connect(transport as Parameters<McpServer['connect']>[0]);
        await transport.handleRequest(request, response, request.body);
      });
      const { url, close } = await listen(createServer(app));
      return { url, ask: (headers) => askTool(url, headers), close };
    },
  },
  {
    name: 'socketGate of Socket.IO',
    method: 'GET',
    hasHeaders: false,
    async start(verifier, options) {
      const server = createServer();
      const sockets = new SocketServer(server);
      sockets.use(socketGate(verifier, options));
      sockets.on('connection', (socket) => void socket.emit('owner', socket.data.auth?.subject));
      const { url } = await listen(server);
      const origin = new URL(url).origin;
      return { url: origin, ask: (extraHeaders) => connect(origin, { extraHeaders }), close: () => sockets.close() };
    },
  },
];

/** Calls the tool. An answer of the transport is written as one of a route. */
async function askTool(url: string, given: Readonly<Record<string, string>>): Promise<Answer> {
  const headers = { ...given, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'owner' } };
  const answer = await ask(url, { method: 'POST', headers, body: JSON.stringify(call) });
  if (answer.status !== 200) return answer;
  const { result } = answer.body as { result: { content: [{ text: string }] } };
  return { ...answer, body: { owner: result.content[0].text } };
}

/** Connects once, and resolves with what the client receives. */
export async function connect(url: string, options: object): Promise<Answer> {
  const client = io(url, { ...options, reconnection: false, forceNew: true });
  try {
    return await new Promise<Answer>((resolve) => {
      client.once('owner', (owner) => resolve({ status: 200, headers: {}, body: { owner } }));
      client.once('connect_error', (error: Error & { data?: SocketRefusal }) => {
        const { status = 0, retryAfter, ...body } = error.data ?? {};
        expectSameMessage(error.message, body);
        const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
        resolve({ status, headers, body });
      });
    });
  } finally {
    client.disconnect();
  }
}

function expectSameMessage(message: string, { error_description: description }: { error_description?: string }): void {
  if (message !== description) throw new Error(`expected the message ${description}, found ${message}`);
}
