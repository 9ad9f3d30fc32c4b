import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect as connectHttp2, constants, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createSigner, type Signer, until } from '@revocast/test-support';
import express from 'express';
import { endWithToken } from '../../src/express/end-with-token.ts';
import { type ProtectOptions, protect } from '../../src/express/protect.ts';
import { createGate } from '../../src/gate/create-gate.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { createVerifier } from '../../src/verifier/create-verifier.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

type Route = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => void;

interface Setting {
  readonly options?: Partial<VerifierOptions>;
  readonly gate?: ProtectOptions;
  /** Runs between `protect` and `endWithToken`, as a read of a database does. */
  readonly between?: (response: ServerResponse) => Promise<unknown>;
}

async function serve(route: Route, { options, gate, between }: Setting = {}) {
  const publisher: Publisher = await createPublisher('memory:');
  const verifier = createVerifier({
    issuer: signer.issuer,
    jwks: signer.jwks,
    audience: 'https://api.test',
    revocation: { feed: publisher },
    logger: null,
    ...options,
  });
  expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
  const errors: unknown[] = [];
  const app = express().disable('x-powered-by');
  app.use(protect(verifier, gate));
  app.use(async (request, response) => {
    await between?.(response);
    route(request, response, endWithToken(request, response));
  });
  app.use((error: unknown, _request: unknown, response: ServerResponse, _next: unknown) => {
    errors.push(error);
    response.destroy();
  });
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(
    () => publisher.close(),
    () => verifier.close(),
    () => new Promise((resolve) => server.close(resolve)),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  const open = async (token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = httpRequest({ port, host: '127.0.0.1', headers });
    request.end();
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const read = { text: '', complete: undefined as boolean | undefined };
    response.setEncoding('utf8').on('data', (text: string) => {
      read.text += text;
    });
    response.on('error', () => {});
    response.once('close', () => {
      read.complete = response.complete;
    });
    return { request, response, read };
  };
  const revoke = () => publisher.revoke({ issuer: signer.issuer, session: 's-1', reason: 'logout' });
  return { open, revoke, verifier, errors, port, token: await signer.sign({ sid: 's-1' }) };
}

const sendEvents: Route = (_request, response, signal) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write('data: 1\n\n');
  signal.addEventListener('abort', () => void response.write('data: after the end\n\n'));
};

describe('endWithToken', () => {
  it.each([
    [false, '{}'],
    [true, '{"reason":"revoked_session"}'],
  ])('ends Server-Sent Events with a last event `revoked` (exposeReason %s)', async (exposeReason, data) => {
    const { open, revoke, token } = await serve(sendEvents, { options: { exposeReason } });
    const { read } = await open(token);
    await revoke();
    await until(() => read.complete, { what: 'the end of the stream' });
    expect(read).toEqual({ text: `data: 1\n\n\nevent: revoked\ndata: ${data}\n\n`, complete: true });
  });

  it('ends them with `unavailable` when the verifier is closed: the token may be good', async () => {
    const { open, verifier, token } = await serve(sendEvents);
    const { read } = await open(token);
    await verifier.close();
    await until(() => read.complete, { what: 'the end of the stream' });
    expect(read.text).toContain('event: unavailable\ndata: {}\n\n');
  });

  it('cuts any other response that has begun, so that a part is not taken for the whole', async () => {
    const { open, revoke, token } = await serve((_request, response) => void response.write('half'));
    const { read } = await open(token);
    await revoke();
    await until(() => read.complete !== undefined, { what: 'the end of the response' });
    expect(read).toEqual({ text: 'half', complete: false });
  });

  it('answers a response that has not begun as protect does', async () => {
    let begin: () => void = () => {};
    const called = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { open, revoke, token } = await serve(() => begin());
    const opening = open(token);
    await called;
    await revoke();
    const { response } = await opening;
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('stops watching when the client disconnects', async () => {
    const { open, verifier, token } = await serve(sendEvents);
    const before = verifier.status().streams;
    const { request } = await open(token);
    expect(verifier.status().streams).toEqual({ watched: 1, maxStreams: 100_000 });
    request.destroy();
    await until(() => verifier.status().streams?.watched === 0, { what: 'the end of the watch' });
    expect(before).toEqual({ watched: 0, maxStreams: 100_000 });
  });

  it('never ends the response of an anonymous request', async () => {
    const { open, verifier } = await serve(sendEvents, { gate: { anonymous: true } });
    const { read } = await open();
    await verifier.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(read.complete).toBeUndefined();
  });

  it('does not watch a response whose client left before, and says so in the signal', async () => {
    let leave: () => void = () => {};
    const signals: AbortSignal[] = [];
    const { verifier, port, token } = await serve((_request, _response, signal) => void signals.push(signal), {
      async between(response) {
        leave();
        await once(response, 'close');
      },
    });
    leave = () => request.destroy();
    const headers = { authorization: `Bearer ${token}` };
    const request = httpRequest({ port, host: '127.0.0.1', headers }).on('error', () => {});
    request.end();
    await until(() => signals.length === 1, { what: 'the call of endWithToken' });
    expect(verifier.status().streams?.watched).toBe(0);
    expect(signals[0]?.aborted).toBe(true);
  });

  it('answers 503 above the bound, and throws nothing into an asynchronous handler', async () => {
    const { open, errors, token } = await serve(sendEvents, { options: { watch: { maxStreams: 1 } } });
    await open(token);
    const { response, read } = await open(token);
    await until(() => read.complete, { what: 'the end of the response' });
    expect([response.statusCode, response.headers['www-authenticate'], errors]).toEqual([503, undefined, []]);
    expect(response.headers['retry-after']).toMatch(/^[1-5]$/);
    expect(read.text).not.toContain('data:');
  });

  it.each([
    ['json', (response: express.Response) => void response.status(200).json({ order: 1 })],
    ['redirect', (response: express.Response) => response.redirect('/elsewhere')],
    ['a cookie', (response: express.Response) => void response.cookie('a', 'b').append('X-A', '1').send('x')],
    ['a stream', (response: express.Response) => void response.writeHead(200, {}).flushHeaders()],
    ['setHeaders', (response: express.Response) => void response.setHeaders(new Map([['a', 'b']])).removeHeader('a')],
  ])('drops a late answer (%s) of a handler that has not looked at the signal', async (_what, late) => {
    const thrown: unknown[] = [];
    let called = 0;
    const { open, revoke, token } = await serve((_request, response, signal) => {
      called += 1;
      signal.addEventListener('abort', () => {
        try {
          late(response as express.Response);
          response.end('late');
        } catch (error) {
          thrown.push(error);
        }
      });
    });
    const opening = open(token);
    await until(() => called === 1, { what: 'the request' });
    await revoke();
    const { response, read } = await opening;
    await until(() => read.complete, { what: 'the end of the response' });
    expect([response.statusCode, thrown]).toEqual([401, []]);
    expect(JSON.parse(read.text)).toMatchObject({ error: 'invalid_token' });
  });

  it('does not complete an event of which the application has written a part', async () => {
    const { open, revoke, token } = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'Text/Event-Stream' });
      response.write('data: {"amount":');
    });
    const { read } = await open(token);
    await revoke();
    await until(() => read.complete, { what: 'the end of the stream' });
    // One event, whose name is that of the last field: `{"amount":` is dispatched to no listener of messages.
    expect(read.text).toBe('data: {"amount":\nevent: revoked\ndata: {}\n\n');
  });

  it('is refused where the route is not behind protect', () => {
    expect(() => endWithToken({} as IncomingMessage, {} as ServerResponse)).toThrow(/not behind protect\(\)/);
  });
});

describe('endWithToken on HTTP/2', () => {
  /** Asks the application over HTTP/2, without Express, which does not support it. */
  async function serveHttp2(route: Route, between?: (response: ServerResponse) => Promise<unknown>) {
    const setting = await serve(route);
    const gate = createGate(setting.verifier);
    const server = createHttp2Server(async (given, answer) => {
      const [request, response] = [given, answer] as unknown as [IncomingMessage, ServerResponse];
      await gate(request);
      await between?.(response);
      route(request, response, endWithToken(request, response));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    opened.push(
      () => new Promise<void>((resolve) => server.close(() => resolve())),
      () => session.destroy(),
    );
    const open = () => session.request({ authorization: `Bearer ${setting.token}` }).resume();
    return { ...setting, open };
  }

  it('cuts a response that has begun with an error, so that a part is not taken for the whole', async () => {
    const { open, revoke } = await serveHttp2((_request, response) => void response.write('half'));
    const stream = open();
    const seen: string[] = [];
    stream.on('error', () => seen.push('error'));
    stream.on('end', () => seen.push('end'));
    await once(stream, 'data');
    const closed = once(stream, 'close').catch(() => {});
    await revoke();
    await closed;
    await until(() => stream.closed, { what: 'the end of the stream' });
    expect([seen, stream.rstCode]).toEqual([['error'], constants.NGHTTP2_INTERNAL_ERROR]);
  });

  it('answers a response that has not begun, without a field that HTTP/2 forbids', async () => {
    const fields: string[] = [];
    let called = 0;
    const { open, revoke } = await serveHttp2((_request, response) => {
      const { writeHead } = response;
      response.writeHead = (status: number, ...given: unknown[]) => {
        fields.push(...Object.keys(Object(given[0])).map((name) => name.toLowerCase()));
        return Reflect.apply(writeHead, response, [status, ...given]);
      };
      called += 1;
    });
    const stream = open();
    await until(() => called === 1, { what: 'the request' });
    const answered = once(stream, 'response');
    await revoke();
    const [headers] = await answered;
    await once(stream, 'close');
    expect(headers[':status']).toBe(401);
    expect(fields).toContain('www-authenticate');
    expect(fields).not.toContain('connection'); // RFC 9113 §8.2.2
  });

  it('does not watch a response whose client left before', async () => {
    const signals: AbortSignal[] = [];
    let leave: () => void = () => {};
    const { open, verifier } = await serveHttp2(
      (_request, _response, signal) => void signals.push(signal),
      async (response) => {
        leave();
        await once(response, 'close');
      },
    );
    leave = () => stream.close(constants.NGHTTP2_CANCEL);
    const stream = open();
    await until(() => signals.length === 1, { what: 'the call of endWithToken' });
    expect(verifier.status().streams?.watched).toBe(0);
    expect(signals[0]?.aborted).toBe(true);
  });
});
