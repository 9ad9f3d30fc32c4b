import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '@revocast/test-support/free-port';
import { get, type HttpClient, post, readAll } from '../../../src/http/client/client.ts';
import { readTimeoutMs } from '../../../src/http/wire/wire.ts';
import { parseSource } from '../../../src/sources/source.ts';

let server: Server;
let answerWith: RequestListener;
let dir: string;
const requests: IncomingMessage[] = [];

beforeEach(async () => {
  requests.length = 0;
  answerWith = (_, response) => response.end('hello');
  server = createServer((request, response) => {
    requests.push(request);
    answerWith(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  dir = await mkdtemp(join(tmpdir(), 'revocast-client-'));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

function client(changes: Partial<HttpClient> = {}, url?: string): HttpClient {
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const source = parseSource(url ?? `http://127.0.0.1:${port}/prefix/`);
  if (source.kind !== 'http') throw new Error('expected an http source');
  return { source, signal: new AbortController().signal, ...changes };
}

const textOf = async (response: IncomingMessage): Promise<string> =>
  Buffer.from(await readAll(response, 1000)).toString('utf8');

describe('a request to a sidecar', () => {
  it('goes to the path under the base of the source, with its reader', async () => {
    const response = await get(client({ reader: 'r1' }), '/v1/fresh', { accept: 'text/plain' });
    expect(await textOf(response)).toBe('hello');
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/prefix/v1/fresh' });
    expect(requests[0]?.headers).toMatchObject({ accept: 'text/plain', 'revocast-reader': 'r1' });
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('carries a body as JSON', async () => {
    answerWith = async (request, response) => {
      for await (const chunk of request) response.write(chunk);
      response.end();
    };
    expect(await textOf(await post(client(), '/v1/revocations', '{"v":1}'))).toBe('{"v":1}');
    expect(requests[0]?.headers['content-type']).toBe('application/json');
  });

  it('reaches a Unix socket', async () => {
    const socketPath = join(dir, 'sidecar.sock');
    const local = createServer((request, response) => response.end(request.url));
    await new Promise<void>((resolve) => local.listen(socketPath, resolve));
    expect(await textOf(await get(client({}, `unix:${socketPath}`), '/v1/fresh'))).toBe('/v1/fresh');
    local.close();
  });

  it('follows no redirect', async () => {
    answerWith = (_, response) => response.writeHead(302, { location: 'http://elsewhere.example/' }).end();
    const response = await get(client(), '/v1/fresh');
    response.resume();
    expect([response.statusCode, requests.length]).toEqual([302, 1]);
  });
});

describe('the token file', () => {
  it('is read at every request, its first line only', async () => {
    const tokenFile = join(dir, 'token');
    for (const token of ['first', 'second']) {
      await writeFile(tokenFile, `${token}\nand a comment\n`);
      (await get(client({ tokenFile }), '/')).resume();
    }
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it('that cannot be read says so without a request', async () => {
    const failed = get(client({ tokenFile: join(dir, 'none') }), '/');
    await expect(failed).rejects.toMatchObject({ name: 'FeedError', code: 'no_permission' });
    expect(requests).toEqual([]);
  });
});

describe('a sidecar that is not there', () => {
  it('is unreachable at once', async () => {
    const failed = get(client({}, `http://127.0.0.1:${await freePort()}`), '/');
    await expect(failed).rejects.toMatchObject({
      name: 'FeedError',
      code: 'unreachable',
      message: expect.stringMatching(/cannot be reached \(ECONN[A-Z]+\); check that the sidecar runs there/),
    });
  });

  it('that hangs up after it was reached says so, because the request may have arrived', async () => {
    answerWith = (request) => request.socket.destroy();
    await expect(post(client(), '/', '{}')).rejects.toMatchObject({ name: 'FeedError', code: 'closed' });
  });

  it('is given up when the caller is told to stop', async () => {
    answerWith = () => {};
    const stop = new AbortController();
    const failed = get(client({ signal: stop.signal }), '/');
    while (requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await expect(failed).rejects.toMatchObject({ name: 'FeedError' });
  });
});

describe('a sidecar that falls silent', () => {
  const within = async (what: Promise<unknown>): Promise<{ error: unknown; ms: number }> => {
    const startedAtMs = performance.now();
    try {
      await what;
    } catch (error) {
      return { error, ms: performance.now() - startedAtMs };
    }
    throw new Error('expected a failure');
  };

  it('before its answer is given up after the read timeout', async () => {
    answerWith = () => {};
    const { error, ms } = await within(get(client(), '/'));
    expect(error).toMatchObject({ name: 'FeedError', code: 'timeout' });
    expect(ms).toBeGreaterThan(readTimeoutMs - 100);
    expect(ms).toBeLessThan(readTimeoutMs + 1500);
  });

  it('in the middle of its answer is given up after the read timeout', async () => {
    answerWith = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
    };
    const { error, ms } = await within(get(client(), '/').then((response) => readAll(response, 1000)));
    expect(error).toBeInstanceOf(Error);
    expect(ms).toBeGreaterThan(readTimeoutMs - 100);
    expect(ms).toBeLessThan(readTimeoutMs + 1500);
  });
});

describe('an answer', () => {
  it.each([
    [4, true],
    [5, true],
    [6, false],
  ])('of %i bytes where 5 are allowed', async (size, accepted) => {
    answerWith = (_, response) => response.end('x'.repeat(size));
    const read = get(client(), '/').then((response) => readAll(response, 5));
    if (accepted) expect(await read).toHaveLength(size);
    else await expect(read).rejects.toMatchObject({ code: 'protocol' });
  });

  it('cut short is no answer', async () => {
    answerWith = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    await expect(get(client(), '/').then((response) => readAll(response, 1000))).rejects.toThrow();
  });
});
