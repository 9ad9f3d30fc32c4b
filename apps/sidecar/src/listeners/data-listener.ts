import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type NextFunction, type Request, type Response } from 'express';
import { type CheckRequestOptions, createRequestCheck, type Refusal } from './check-request.ts';
import type { Handlers } from './listen.ts';

export interface DataListenerOptions extends CheckRequestOptions {
  /** The protocol; everything it gets has passed the checks here. */
  readonly feedServer: {
    /** False when the request is for nothing it serves. */
    handle(request: IncomingMessage, response: ServerResponse): boolean;
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isPermitted: () => boolean): boolean;
    clients(): { readonly open: number };
  };
  /** The page for people; absent: there is none. A process that may read the feed may read it too. */
  readonly console?: { handle(request: IncomingMessage, response: ServerResponse): boolean };
  /** Streams served at once. */
  readonly maxReaders: number;
}

const tooManyReaders: Refusal = {
  status: 503,
  error: 'too_many_readers',
  remedy: 'raise maxReaders, or put a relay between',
};
const authenticate = 'Bearer realm="revocast-sidecar"';

/** What the data listener answers: requests and upgrades pass the same checks. */
export function createDataListener(options: DataListenerOptions): Handlers {
  const { feedServer, maxReaders } = options;
  const check = createRequestCheck(options);
  const isFull = () => feedServer.clients().open >= maxReaders;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    const refusal = check(request) ?? (request.path === '/v1/events' && isFull() ? tooManyReaders : undefined);
    if (refusal === undefined) next();
    else refuse(response, refusal);
  });
  app.use((request, response) => {
    const isAnswered = feedServer.handle(request, response) || options.console?.handle(request, response);
    if (!isAnswered) refuse(response, { status: 404, error: 'not_found' });
  });
  app.use(answerError);
  return {
    request: app,
    upgrade(request, socket, head) {
      const checked = { method: request.method, path: request.url?.split('?', 1)[0] ?? '', headers: request.headers };
      const refusal = check(checked) ?? (isFull() ? tooManyReaders : undefined);
      if (refusal !== undefined) return refuseUpgrade(socket, refusal);
      const isTaken = feedServer.upgrade(request, socket, head, () => check(checked) === undefined);
      return isTaken ? 101 : refuseUpgrade(socket, { status: 404, error: 'not_found' });
    },
  };
}

function refuse(response: Response, { status, error, remedy }: Refusal): void {
  if (status === 401) response.setHeader('WWW-Authenticate', authenticate);
  response.status(status).json({ error, remedy });
}

/** Before an upgrade there is no response object, only the socket. */
function refuseUpgrade(socket: Duplex, { status, error, remedy }: Refusal): number {
  const body = JSON.stringify({ error, remedy });
  const headers = [
    `HTTP/1.1 ${status} ${error}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(status === 401 ? [`WWW-Authenticate: ${authenticate}`] : []),
  ];
  socket.on('error', () => undefined);
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
  return status;
}

// Express takes a handler of four parameters for one of errors. Its own would print a stack to the client.
function answerError(_error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  if (response.headersSent) response.destroy();
  else refuse(response, { status: 500, error: 'internal_error' });
}
