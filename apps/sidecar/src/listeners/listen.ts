import { chmodSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConfigurationError } from '@revocast/denylist/replica';
import type { ListenAddress } from '../config/listen-address.ts';

/** What a listener does with what comes. */
export interface Handlers {
  readonly request: RequestListener;
  /** Takes an upgrade to a WebSocket, or answers it. @returns the status of the answer. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): number;
}

export interface Listening {
  /** `http://127.0.0.1:7471` or `unix:/run/revocast/sidecar.sock`. */
  readonly url: string;
  /** Takes no new connection, ends the open ones, resolves when all are gone. */
  close(): Promise<void>;
}

/**
 * Serves HTTP at an address.
 *
 * @param option the name of the address's option, for the error.
 * @throws ConfigurationError when the address cannot be bound.
 */
export async function listen(handlers: Handlers, address: ListenAddress, option: string): Promise<Listening> {
  const timeouts = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 };
  const server = createServer(timeouts, handlers.request);
  // The server lets go of a socket that is upgraded: it would neither end it nor wait for it.
  const upgraded = new Set<Duplex>();
  const { upgrade } = handlers;
  if (upgrade !== undefined) {
    server.on('upgrade', (request, socket, head) => {
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      if (request.headers.upgrade?.toLowerCase() === 'websocket') upgrade(request, socket, head);
      else answerWithoutUpgrade(request, socket, handlers.request);
    });
  }
  if (address.kind === 'unix') await removeAbandonedSocket(address.path);
  await bind(server, address, option);
  if (address.kind === 'unix') chmodSync(address.path, 0o660);
  return {
    url: urlOf(server, address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
}

/** RFC 9110 §7.8: a server may ignore an upgrade. Some clients offer HTTP/2 with every request (`Upgrade: h2c`). */
function answerWithoutUpgrade(request: IncomingMessage, socket: Duplex, handle: RequestListener): void {
  if (!(socket instanceof Socket)) {
    socket.destroy();
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end());
  handle(request, response);
}

function bind(server: Server, address: ListenAddress, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(new ConfigurationError(option, `cannot listen (${error.code ?? 'unknown'})`, { cause: error }));
    server.once('error', fail);
    server.listen(address.kind === 'unix' ? address.path : { host: address.host, port: address.port }, () => {
      server.off('error', fail);
      // A connection that fails while it is accepted (too many open files) must not end the process.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** A killed sidecar leaves its socket file behind; one that still answers belongs to a living process. */
async function removeAbandonedSocket(path: string): Promise<void> {
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (!answers) rmSync(path);
}

function urlOf(server: Server, address: ListenAddress): string {
  const bound = server.address();
  if (address.kind === 'unix' || bound === null || typeof bound === 'string') return `unix:${bound}`;
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
