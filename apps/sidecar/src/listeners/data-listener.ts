import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { isHostLocal, isLoopback, type ListenAddress } from '../config/listen-address.ts';
import type { BearerTokens } from './token-file.ts';

export interface DataListenerOptions {
  readonly address: ListenAddress;
  /** The protocol; everything it gets has passed the checks here. */
  readonly feedServer: {
    /** False when the request is for nothing it knows. */
    handle(request: IncomingMessage, response: ServerResponse): boolean;
    clients(): { readonly count: number };
  };
  /** The page for people; absent: there is none. Who may read the feed may look at it. */
  readonly console?: { handle(request: IncomingMessage, response: ServerResponse): boolean };
  /** Absent: nobody writes, and the address must be host-local. */
  readonly tokens?: BearerTokens;
  /** Names accepted in `Host` beside localhost and addresses. */
  readonly allowedHosts: readonly string[];
  /** Event streams served at once. */
  readonly maxReaders: number;
}

/** What a process beside does to keep its denylist, and to say how far it is and what it saw; none of it changes a revocation. */
const readerRoutes = [
  'GET /v1/snapshot',
  'GET /v1/events',
  'GET /v1/fresh',
  'GET /v1/enforcement',
  'POST /v1/acks',
  'POST /v1/usage',
];
const consolePaths = ['', '/events', '/digests', '/page.css', '/page.js', '/explain-token.js'];
const consoleRoutes = consolePaths.map((path) => `GET /console${path}`);
const writerRoutes = ['POST /v1/revocations', 'GET /v1/revocations'];

/** The routes of this listener, as the label of `sidecar_http_requests_total` names them. */
export const dataRoutes: readonly string[] = [
  ...new Set([...readerRoutes, ...consoleRoutes, ...writerRoutes].map((route) => route.split(' ')[1] ?? '')),
];

/**
 * Decides who may talk to the feed. On this host nobody needs a secret to read, so what a browser can be made to send
 * (another site's script, DNS rebinding) is refused first.
 */
export function createDataListener(options: DataListenerOptions): Express {
  const { address, feedServer, tokens, allowedHosts, maxReaders } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(refuseBrowsers, checkHost(address, allowedHosts));
  app.use(checkBearer(address, tokens));
  app.get('/v1/events', (_request, response, next) => {
    if (feedServer.clients().count < maxReaders) next();
    else refuse(response, 503, 'too_many_readers', 'raise maxReaders, or put a relay between');
  });
  app.use((request, response) => {
    const isAnswered = feedServer.handle(request, response) || options.console?.handle(request, response);
    if (!isAnswered) refuse(response, 404, 'not_found');
  });
  app.use(answerError);
  return app;
}

/**
 * Browsers send `Origin` with the requests of a script; our clients do not. The console's own page passes: its `Origin`
 * names the same host as `Host`, which is checked next.
 */
function refuseBrowsers({ headers }: Request, response: Response, next: NextFunction): void {
  const { origin, host } = headers;
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) next();
  else refuse(response, 403, 'origin_refused');
}

/**
 * Against DNS rebinding: a page can point its own name at 127.0.0.1, but `Host` still carries that name. An IP address
 * cannot be rebound. A Unix socket is out of a browser's reach.
 */
function checkHost(address: ListenAddress, allowedHosts: readonly string[]) {
  const names = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const takesAddresses = !isHostLocal(address);
  return (request: Request, response: Response, next: NextFunction): void => {
    const host = hostnameOf(request.headers.host ?? '');
    const isOurs = isLoopback(host) || names.has(host) || (takesAddresses && isAddress(host));
    // RFC 9110 §15.5.20: this server does not answer for that name.
    if (address.kind === 'unix' || isOurs) next();
    else refuse(response, 421, 'host_refused', 'use localhost or an address, or list the name in allowedHosts');
  };
}

/** `[::1]:7471` → `[::1]`; empty when it is no host and port. */
function hostnameOf(host: string): string {
  return /^(\[[^\]]+\]|[^:]*)(:\d+)?$/.exec(host)?.[1]?.toLowerCase() ?? '';
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}

function checkBearer(address: ListenAddress, tokens: BearerTokens | undefined) {
  const known = [...readerRoutes, ...consoleRoutes];
  const open = isHostLocal(address) ? known : [];
  return (request: Request, response: Response, next: NextFunction): void => {
    const route = `${request.method} ${request.path}`;
    if (open.includes(route)) {
      next();
    } else if (!known.includes(route) && !writerRoutes.includes(route)) {
      refuse(response, 404, 'not_found');
    } else if (tokens === undefined) {
      refuse(response, 403, 'writes_off', 'set tokenFile to allow writing');
    } else if (tokens.permits(request.headers.authorization)) {
      next();
    } else {
      response.setHeader('WWW-Authenticate', 'Bearer realm="revocast-sidecar"');
      refuse(response, 401, 'unauthorized');
    }
  };
}

function refuse(response: Response, status: number, error: string, remedy?: string): void {
  response.status(status).json({ error, remedy });
}

// Express takes a handler of four parameters for one of errors. Its own would print a stack to the client.
function answerError(_error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  if (response.headersSent) response.destroy();
  else refuse(response, 500, 'internal_error');
}
