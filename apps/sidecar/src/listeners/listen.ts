import { once } from 'node:events';
import { chmodSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConfigurationError, errorCodeOf } from '@revocast/denylist/replica';
import type { ListenAddress } from '../config/listen-address.ts';
import { commonHeaders } from './browser-check.ts';
import type { CertificateFiles } from './certificate.ts';
import { Connections, type ConnectionsOptions } from './connections.ts';

/** The handlers of one listener. */
export interface Handlers {
  readonly request: RequestListener;
  /** Accepts or rejects an upgrade to a WebSocket. @returns the status of the answer; 101 when accepted. */
  readonly upgrade?: ((request: IncomingMessage, socket: Duplex, head: Buffer) => number) | undefined;
}

export interface Listening {
  /** `http://127.0.0.1:7471`, `https://…` or `unix:/run/revocast/sidecar.sock`. */
  readonly url: string;
  /** Accepts no new connection, ends the open ones, and resolves when all are closed. */
  close(): Promise<void>;
}

export interface ListenOptions extends ConnectionsOptions {
  readonly address: ListenAddress;
  /** Name of the option that holds the address; the error names it. */
  readonly option: string;
  /** Serves TLS. */
  readonly certificate?: CertificateFiles;
}

/** Milliseconds. A client that sends its request more slowly is cut within a second after them. */
const timeouts = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
};

/** Serves HTTP at an address. @throws ConfigurationError when the address cannot be bound. */
export async function listen(handlers: Handlers, options: ListenOptions): Promise<Listening> {
  const { address, option, certificate } = options;
  const connections = new Connections(options);
  const answer: RequestListener = (request, response) => {
    connections.begin(request, response);
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
    handlers.request(request, response);
  };
  const server = certificate === undefined ? createServer(timeouts, answer) : await serveTls(certificate, answer);
  server.on('connection', (socket) => connections.add(socket));
  server.on('secureConnection', (socket: Socket) => connections.secure(socket));
  // An HTTP server neither closes upgraded sockets nor waits for them, so they are tracked here.
  const upgraded = new Set<Duplex>();
  const { upgrade } = handlers;
  if (upgrade !== undefined) {
    server.on('upgrade', (request, socket, head) => {
      if (!(socket instanceof Socket)) return socket.destroy();
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') answerWithoutUpgrade(request, socket, answer);
      else if (upgrade(request, socket, head) === 101) connections.release(socket);
      // The client may never close its half.
      else socket.destroySoon();
    });
  }
  if (address.kind === 'unix') await removeAbandonedSocket(address.path);
  await bind(server, address, option).catch((error: unknown) => {
    connections.close();
    throw error;
  });
  if (address.kind === 'unix') chmodSync(address.path, 0o660);
  return {
    url: urlOf(server, options),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        connections.close();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

async function serveTls(certificate: CertificateFiles, answer: RequestListener): Promise<Server> {
  // 6 MB that a sidecar without a certificate does not need.
  const { createServer: createTlsServer } = await import('node:https');
  const withClients = certificate.current.ca !== undefined;
  const tls = { minVersion: 'TLSv1.2', handshakeTimeout: timeouts.headersTimeout } as const;
  const clients = { requestCert: withClients, rejectUnauthorized: withClients };
  const server = createTlsServer({ ...timeouts, ...tls, ...clients, ...certificate.current }, answer);
  certificate.onChange((next) => server.setSecureContext({ ...tls, ...next }));
  return server;
}

/** The path of a request, without its query. A server also takes a whole URL as the target (RFC 9112 §3.2.2). */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] || '/';
}

/** RFC 9110 §7.8: a server may ignore `Upgrade`. Some clients send `Upgrade: h2c` with every request. */
function answerWithoutUpgrade(request: IncomingMessage, socket: Socket, answer: RequestListener): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  answer(request, response);
}

async function bind(server: Server, address: ListenAddress, option: string): Promise<void> {
  try {
    server.listen(address.kind === 'unix' ? address.path : { host: address.host, port: address.port });
    await once(server, 'listening');
  } catch (error) {
    throw new ConfigurationError(option, whyNotBound(address, option, errorCodeOf(error) ?? 'unknown'), {
      cause: error,
    });
  }
  // An error while a connection is accepted (too many open files) must not end the process.
  server.on('error', () => undefined);
}

/** One line: the address, the cause and how to fix it. */
function whyNotBound(address: ListenAddress, option: string, code: string): string {
  const isUnix = address.kind === 'unix';
  const host = isUnix ? '' : address.host.includes(':') ? `[${address.host}]` : address.host;
  const name = isUnix ? `unix:${address.path}` : `${host}:${address.port}`;
  const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const another = isUnix ? `another path: ${flag} unix:/path` : `another port: ${flag} ${host}:port`;
  const causes = new Map([
    ['EADDRINUSE', `another process uses this address. Stop it (a second one of this program?), or choose ${another}`],
    ['EACCES', `this user may not use this address. Choose ${another}`],
    ['EADDRNOTAVAIL', `this host has no such address. Choose ${flag} 127.0.0.1:port or 0.0.0.0:port`],
    ['ENOENT', `the folder of the socket does not exist. Create it, or choose ${another}`],
  ]);
  return `cannot listen on ${name} (${code}): ${causes.get(code) ?? `choose ${another}`}`;
}

/** A killed sidecar leaves its socket file. A socket that accepts a connection belongs to a running process and is kept. */
async function removeAbandonedSocket(path: string): Promise<void> {
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const socket = connect(path);
  const isServed = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (!isServed) rmSync(path);
}

function urlOf(server: Server, { address, certificate }: ListenOptions): string {
  const bound = server.address();
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return `unix:${bound}`;
  const scheme = certificate === undefined ? 'http' : 'https';
  return `${scheme}://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
