import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FeedServer } from '@revocast/denylist/server';
import type { SidecarConsole } from '../console/create-console.ts';
import { answering, sendJson } from './answer.ts';
import { commonHeaders, type Refusal } from './browser-check.ts';
import { type CheckRequestOptions, createRequestCheck, listedRoutes } from './check-request.ts';
import { type Handlers, pathOf } from './listen.ts';

interface DataListenerOptions extends CheckRequestOptions {
  /** The protocol. It receives only requests that passed the checks of this listener. */
  readonly feedServer: Pick<FeedServer, 'handle' | 'upgrade'> & { clients(): { readonly open: number } };
  /** The web page for operators. Its access rules are those of the reader routes. */
  readonly console?: Pick<SidecarConsole, 'handle'>;
  /** Streams served at the same time. One more is answered 429. */
  readonly maxReaders: number;
}

const tooManyReaders: Refusal = {
  // Callers choose how many they are: not a failure of ours (RFC 6585 §4).
  status: 429,
  error: 'too_many_readers',
  remedy: 'raise maxReaders, or add relays',
};
const authenticate = 'Bearer realm="revocast-sidecar"';

/** Creates the handlers of the data listener. Requests and upgrades pass the same checks. */
export function createDataListener(options: DataListenerOptions): Handlers {
  const { feedServer, maxReaders } = options;
  const check = createRequestCheck(options);
  const isFull = () => feedServer.clients().open >= maxReaders;
  const checkedPart = (request: IncomingMessage) => ({
    method: request.method,
    path: pathOf(request),
    headers: request.headers,
  });
  return {
    request: answering((request, response) => {
      const checked = checkedPart(request);
      const refusal = check(checked) ?? (checked.path === '/v1/events' && isFull() ? tooManyReaders : undefined);
      if (refusal !== undefined) return refuse(response, refusal);
      if (checked.path === '/') return sendJson(response, 200, { routes: listedRoutes, console: '/console' });
      const isAnswered = feedServer.handle(request, response) || options.console?.handle(request, response);
      if (!isAnswered) refuse(response, { status: 404, error: 'not_found' });
    }),
    upgrade(request, socket, head) {
      const checked = checkedPart(request);
      const refusal = check(checked) ?? (isFull() ? tooManyReaders : undefined);
      if (refusal !== undefined) return refuseUpgrade(socket, refusal);
      const isTaken = feedServer.upgrade(request, socket, head, () => check(checked) === undefined);
      return isTaken ? 101 : refuseUpgrade(socket, { status: 404, error: 'not_found' });
    },
  };
}

function refuse(response: ServerResponse, { status, error, remedy }: Refusal): void {
  if (status === 401) response.setHeader('WWW-Authenticate', authenticate);
  if (status === 429) response.setHeader('Retry-After', '1');
  sendJson(response, status, { error, remedy });
}

/** Writes the answer to the socket: an upgrade request has no response object. */
function refuseUpgrade(socket: Duplex, { status, error, remedy }: Refusal): number {
  const body = JSON.stringify({ error, remedy });
  const headers = [
    `HTTP/1.1 ${status} ${error}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(commonHeaders).map(([name, value]) => `${name}: ${value}`),
    ...(status === 429 ? ['Retry-After: 1'] : []),
    ...(status === 401 ? [`WWW-Authenticate: ${authenticate}`] : []),
  ];
  socket.on('error', () => undefined);
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
  return status;
}
