import { readFile } from 'node:fs/promises';
import type { Agent, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { FeedError } from '../../log/feed.ts';
import { readTlsFiles } from '../../sources/read-tls-files.ts';
import type { HttpSource } from '../../sources/source.ts';
import { readerHeader, readTimeoutMs } from '../wire/wire.ts';
import { http, https } from './node-http.ts';

export interface HttpClient {
  readonly source: HttpSource;
  readonly signal: AbortSignal;
  /** Path of a file whose first line is the bearer token; read at every request, so that it can be replaced. */
  readonly tokenFile?: string;
  /** Rules of a snapshot that are kept. */
  readonly maxRules?: number;
  /** Names who asks. */
  readonly reader?: string;
  /** Keeps sockets for requests that come often; without one each request has its own. */
  readonly agent?: Agent;
  /** Whether a request in progress keeps the process alive. Default false. */
  readonly keepAlive?: boolean;
  /** Milliseconds of silence after which the other side is given up; default 3000. */
  readonly timeoutMs?: number;
}

/** @throws FeedError `unreachable`, `timeout`, `closed`. */
export function get(client: HttpClient, path: string, headers: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
  return send(client, { method: 'GET', path, headers });
}

export function post(client: HttpClient, path: string, body: string): Promise<IncomingMessage> {
  return send(client, { method: 'POST', path, headers: { 'content-type': 'application/json' }, body });
}

interface Message {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

/** One socket per request, without redirects: a stream holds its own, and the rest is rare. */
async function send(client: HttpClient, { method, path, headers, body }: Message): Promise<IncomingMessage> {
  const { source, signal, reader, keepAlive = false, timeoutMs = readTimeoutMs } = client;
  const authorization = await authorizationFor(client);
  const tls = source.tls && (await readTlsFiles(source.tls, source.name));
  const url = new URL(`${source.baseUrl}${path}`);
  const { request } = tls === undefined ? http : https;
  return await new Promise<IncomingMessage>((resolve, reject) => {
    let connected = false;
    let isLate = false;
    const fail = (error: Error) => {
      // A writer needs the difference: a request that never had a connection has changed nothing.
      const code = isLate ? 'timeout' : connected ? 'closed' : 'unreachable';
      reject(new FeedError(code, describeFailure(source.name, error), { cause: error }));
    };
    const sent = request(
      url,
      {
        ...tls,
        method,
        agent: client.agent ?? false,
        signal,
        headers: { ...headers, ...authorization, ...(reader === undefined ? {} : { [readerHeader]: reader }) },
        socketPath: source.socketPath,
      },
      (response) => {
        response.setTimeout(timeoutMs, () => response.destroy(new FeedError('timeout', `${source.name} fell silent`)));
        resolve(response);
      },
    );
    // A link that drops packets answers nothing at all: only silence tells.
    sent.setTimeout(timeoutMs, () => {
      isLate = true;
      sent.destroy(new Error(`no answer within ${timeoutMs} ms`));
    });
    sent.on('socket', (socket) => {
      if (!keepAlive) socket.unref();
      connected = !socket.connecting;
      // A kept socket is connected already, and would gather a listener with every request.
      if (socket.connecting) {
        // Before the handshake of TLS is complete, nothing is sent.
        socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
          connected = true;
        });
      }
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

/** Says why a sidecar cannot be reached, and what to do. */
export function describeFailure(name: string, error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (!/CERT|SIGNATURE|ERR_SSL|ERR_TLS/.test(code)) {
    const cause = /^E[A-Z_]+$/.test(code) ? ` (${code})` : '';
    return `${name} cannot be reached${cause}; check that the sidecar runs there, and check name, port and network policy`;
  }
  return `${name} cannot be reached: expected certificates that both sides accept, found ${code}; name the authority with the parameter ca, and a client certificate with cert and key`;
}

/** @throws FeedError `no_permission` when the token file cannot be read. */
export async function authorizationFor({
  tokenFile,
  source,
}: Pick<HttpClient, 'tokenFile' | 'source'>): Promise<OutgoingHttpHeaders> {
  if (tokenFile === undefined) return {};
  try {
    const [token = ''] = (await readFile(tokenFile, 'utf8')).split('\n', 1);
    return { authorization: `Bearer ${token.trim()}` };
  } catch (error) {
    throw new FeedError('no_permission', `the token file for ${source.name} cannot be read`, { cause: error });
  }
}

/** @throws FeedError when there is more than `maxBytes`, or the link breaks. */
export async function readAll(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) throw new FeedError('protocol', 'expected bytes');
    size += chunk.byteLength;
    if (size > maxBytes) throw new FeedError('protocol', `expected at most ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
