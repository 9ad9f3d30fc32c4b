import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createSigner, type Signer, until } from '@revocast/test-support';
import express from 'express';
import { endWithToken } from '../../src/express/end-with-token.ts';
import { protect } from '../../src/express/protect.ts';
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

async function serve(route: Route, options: Partial<VerifierOptions> = {}, gate = {}) {
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
  const app = express().disable('x-powered-by');
  app.use(protect(verifier, gate));
  app.use((request, response) => route(request, response, endWithToken(request, response)));
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
  return { open, revoke, verifier, token: await signer.sign({ sid: 's-1' }) };
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
    const { open, revoke, token } = await serve(sendEvents, { exposeReason });
    const { read } = await open(token);
    await revoke();
    await until(() => read.complete, { what: 'the end of the stream' });
    expect(read).toEqual({ text: `data: 1\n\nevent: revoked\ndata: ${data}\n\n`, complete: true });
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
    const { open, verifier } = await serve(sendEvents, {}, { anonymous: true });
    const { read } = await open();
    await verifier.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(read.complete).toBeUndefined();
  });

  it('is refused where the route is not behind protect', () => {
    expect(() => endWithToken({} as IncomingMessage, {} as ServerResponse)).toThrow(/not behind protect\(\)/);
  });
});
