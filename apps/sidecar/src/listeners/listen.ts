import { chmodSync, rmSync, statSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { ConfigurationError } from '@revocast/denylist/replica';
import type { ListenAddress } from '../config/listen-address.ts';

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
export async function listen(app: RequestListener, address: ListenAddress, option: string): Promise<Listening> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 }, app);
  if (address.kind === 'unix') await removeAbandonedSocket(address.path);
  await bind(server, address, option);
  if (address.kind === 'unix') chmodSync(address.path, 0o660);
  return {
    url: urlOf(server, address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
