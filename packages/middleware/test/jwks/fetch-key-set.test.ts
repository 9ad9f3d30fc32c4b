import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createDocumentFetcher } from '../../src/jwks/fetch-key-set.ts';

const maxBytes = 1_000;
let server: Server;
let listener: RequestListener;
let received: IncomingMessage[];
let url: string;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    received.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const fetchFrom = (
  request: { url?: string; etag?: string; signal?: AbortSignal } = {},
  { dangerouslyAllowHttp = true, fetch = globalThis.fetch } = {},
) =>
  createDocumentFetcher({ fetch, maxBytes, dangerouslyAllowHttp })({
    url,
    signal: new AbortController().signal,
    ...request,
  });

function answer(body: string | Buffer, headers: Record<string, string> = {}, status = 200): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
}

const failed = (code: string): unknown => expect.objectContaining({ result: 'failed', code });
const unreachable: typeof globalThis.fetch = () => {
  throw new Error('must not be called');
};

describe('fetching a document of an issuer', () => {
  it('returns the object, its version and its age', async () => {
    listener = answer('{"keys":[]}', { etag: '"7"', 'cache-control': 'public, max-age=120' });
    expect(await fetchFrom()).toEqual({ result: 'loaded', document: { keys: [] }, etag: '"7"', maxAgeMs: 120_000 });
    expect(received[0]?.method).toBe('GET');
    expect(received[0]?.headers.accept).toBe('application/jwk-set+json, application/json');
    expect(received[0]?.headers['if-none-match']).toBeUndefined();
    expect(received[0]?.headers.cookie ?? received[0]?.headers.authorization).toBeUndefined();
  });

  it('sends a conditional request and reads 304', async () => {
    listener = (request, response) => {
      response
        .writeHead(request.headers['if-none-match'] === '"7"' ? 304 : 500, { 'cache-control': 'max-age=9' })
        .end();
    };
    expect(await fetchFrom({ etag: '"7"' })).toEqual({ result: 'not_modified', maxAgeMs: 9_000 });
  });

  it('drops an ETag that is too long', async () => {
    listener = answer('{}', { etag: `"${'e'.repeat(255)}"` });
    expect(await fetchFrom()).toEqual({ result: 'loaded', document: {} });
  });

  it.each(['application/json', 'APPLICATION/JSON', 'application/jwk-set+json', 'text/plain', 'text/html', '', 'a/b/c'])(
    'reads JSON of the type %j',
    async (contentType) => {
      listener = answer('{"keys":[]}', { 'content-type': contentType });
      expect(await fetchFrom()).toEqual({ result: 'loaded', document: { keys: [] } });
    },
  );

  it.each(['text/html', 'text/plain', '', 'application/jsonx'])(
    'says so when the type is %j and the body is no JSON',
    async (contentType) => {
      listener = answer('<html>', { 'content-type': contentType });
      expect(await fetchFrom()).toEqual(failed('bad_content_type'));
    },
  );

  it.each([
    ['a byte order mark', '\ufeff{"keys":[]}', { keys: [] }],
    ['a repeated member, of which the last counts', '{"keys":1,"keys":[]}', { keys: [] }],
    ['a member named __proto__', '{"keys":[],"__proto__":1}', JSON.parse('{"keys":[],"__proto__":1}')],
    ['deep nesting', `{"keys":[],"x":${'['.repeat(99)}${']'.repeat(99)}}`, expect.objectContaining({ keys: [] })],
  ])('reads a document with %s', async (_what, body, document) => {
    listener = answer(body);
    expect(await fetchFrom()).toEqual({ result: 'loaded', document });
  });

  it('reads a document with a text that is no UTF-8', async () => {
    listener = answer(Buffer.from('{"name":"Z\u00fcrich"}', 'latin1'));
    expect(await fetchFrom()).toMatchObject({ result: 'loaded' });
  });

  it.each(['', '{', '[]', 'null', '<html>'])('rejects the body %j', async (body) => {
    listener = answer(body);
    expect(await fetchFrom()).toEqual(failed('bad_json'));
  });

  it.each([400, 401, 403, 404, 429, 500, 502, 503, 201, 204])('rejects status %d', async (status) => {
    listener = answer(status === 204 ? '' : '{"keys":[]}', {}, status);
    expect(await fetchFrom()).toEqual(failed('bad_status'));
  });

  it.each([301, 302, 303, 307, 308, 300])('does not follow status %d', async (status) => {
    listener = answer('', { location: '/elsewhere' }, status);
    expect(await fetchFrom()).toEqual(failed('redirect'));
    expect(received).toHaveLength(1);
  });

  it('reads a body below and at the bound and rejects a larger one', async () => {
    for (const [length, result] of [
      [maxBytes - 1, 'loaded'],
      [maxBytes, 'loaded'],
      [maxBytes + 1, 'failed'],
    ] as const) {
      const body = '{}'.padEnd(length, ' ');
      listener = answer(body);
      expect((await fetchFrom()).result).toBe(result);
      listener = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(body.slice(0, 10));
        response.end(body.slice(10));
      };
      expect((await fetchFrom()).result).toBe(result);
    }
  });

  it('counts bytes after decompression', async () => {
    listener = answer(gzipSync('{}'.padEnd(100_000, ' ')), { 'content-encoding': 'gzip' });
    expect(await fetchFrom()).toEqual(failed('too_large'));
  });

  it('stops reading an endless body, and closes its connection', async () => {
    let closed: Promise<void> | undefined;
    listener = (_request, response) => {
      closed = new Promise((resolve) => response.on('close', () => resolve()));
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(1_024)));
      };
      response.on('drain', more);
      more();
    };
    expect(await fetchFrom()).toEqual(failed('too_large'));
    await closed;
  });

  it('ends at the deadline, before the head and within the body', async () => {
    for (const withHead of [false, true]) {
      const deadline = new AbortController();
      listener = (_request, response) => {
        if (withHead) response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys"');
        setImmediate(() => deadline.abort());
      };
      expect(await fetchFrom({ signal: deadline.signal })).toEqual(failed('timeout'));
    }
  });

  it('distinguishes a broken connection from a deadline', async () => {
    listener = (request) => {
      request.socket.destroy();
    };
    expect(await fetchFrom()).toEqual(failed('network'));
    listener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{');
      setImmediate(() => response.destroy());
    };
    expect(await fetchFrom()).toEqual(failed('network'));
  });

  it.each([
    ['plain HTTP', 'http://issuer.example/jwks', false],
    ['a file', 'file:///etc/passwd', true],
    ['data', 'data:application/json,{}', true],
    ['no URL', '/jwks', true],
    ['a user name', 'https://user@issuer.example/jwks', true],
    ['a password', 'https://:secret@issuer.example/jwks', true],
  ])('does not ask %s', async (_title, target, dangerouslyAllowHttp) => {
    expect(await fetchFrom({ url: target }, { dangerouslyAllowHttp, fetch: unreachable })).toEqual(
      failed('insecure_url'),
    );
  });

  it('requests https by default, and returns a failure when fetch throws', async () => {
    expect(
      await fetchFrom({ url: 'https://issuer.example/jwks' }, { dangerouslyAllowHttp: false, fetch: unreachable }),
    ).toEqual(failed('network'));
  });
});

describe('the age in the headers of a response', () => {
  it.each([
    ['max-age=60', undefined, 60_000],
    ['public, max-age=60, must-revalidate', undefined, 60_000],
    ['MAX-AGE=60', undefined, 60_000],
    ['max-age="60"', undefined, 60_000],
    ['max-age=60', '20', 40_000],
    ['max-age=60', '90', 0],
    ['max-age=60', 'soon', 60_000],
    ['max-age=0', undefined, 0],
    ['no-store', undefined, 0],
    ['no-cache, max-age=60', undefined, 0],
    ['max-age=-1', undefined, undefined],
    ['max-age=99999999999', undefined, 999_999_999_000],
    ['s-maxage=60', undefined, undefined],
    ['private', undefined, undefined],
  ])('%s with age %s', async (cacheControl, age, maxAgeMs) => {
    listener = answer('{}', { 'cache-control': cacheControl, ...(age === undefined ? {} : { age }) });
    expect(await fetchFrom()).toEqual({ result: 'loaded', document: {}, maxAgeMs });
  });
});
