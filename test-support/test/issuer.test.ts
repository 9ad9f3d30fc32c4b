import { afterEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { discoveryPaths, type StartTestIssuerOptions, startTestIssuer, type TestIssuer } from '../src/issuer.ts';
import { createSigner } from '../src/signer.ts';

const started: TestIssuer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((issuer) => issuer.close()));
});
const start = async (options?: StartTestIssuerOptions): Promise<TestIssuer> => {
  const issuer = await startTestIssuer(options);
  started.push(issuer);
  return issuer;
};

/** Verifies as a client without cached keys. */
const verify = (token: string, { issuer, jwksUri }: TestIssuer) =>
  jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), { issuer, audience: 'https://api.test', typ: 'at+jwt' });

describe('a test issuer', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'signs %s tokens that verify over its key set',
    async (algorithm) => {
      const issuer = await start({ algorithm });
      const { payload } = await verify(await issuer.sign({ scope: 'orders:read' }), issuer);
      expect(payload).toMatchObject({ sub: 'user-1', client_id: 'client-1', scope: 'orders:read' });
      expect(issuer.requests.count('/jwks')).toBe(1);
    },
  );

  it.each([
    [false, /^http:\/\/127\.0\.0\.1:\d+$/],
    [true, /^http:\/\/127\.0\.0\.1:\d+\/$/],
  ])('has the same identifier in tokens and both discovery documents (slash: %s)', async (trailingSlash, shape) => {
    const issuer = await start({ trailingSlash });
    expect(issuer.issuer).toMatch(shape);
    await verify(await issuer.sign(), issuer);
    for (const path of discoveryPaths) {
      const document = await (await fetch(new URL(path, issuer.jwksUri))).json();
      expect(document).toMatchObject({ issuer: issuer.issuer, jwks_uri: issuer.jwksUri });
    }
  });

  it('publishes keyCount keys and signs with the first', async () => {
    const issuer = await start({ keyCount: 3 });
    expect(issuer.publicJwks.keys.map((key) => key.kid)).toEqual(['key-1', 'key-2', 'key-3']);
    expect(decodeProtectedHeader(await issuer.sign()).kid).toBe('key-1');
    await verify(await issuer.sign({}, { key: 'key-3' }), issuer);
  });

  it('signs with the new key after a rotation while the old one stays published', async () => {
    const issuer = await start();
    const before = await issuer.sign();
    const kid = await issuer.rotate();
    const after = await issuer.sign();
    expect(decodeProtectedHeader(after).kid).toBe(kid);
    await verify(before, issuer);
    await verify(after, issuer);
  });

  it('publishes an added key without signing with it', async () => {
    const issuer = await start();
    const kid = await issuer.addKey();
    expect(decodeProtectedHeader(await issuer.sign()).kid).not.toBe(kid);
    await verify(await issuer.sign({}, { key: kid }), issuer);
  });

  it('can sign with a key that is not published any more', async () => {
    const issuer = await start({ keyCount: 2 });
    issuer.removeKey('key-1');
    await expect(verify(await issuer.sign({}, { key: 'key-1' }), issuer)).rejects.toThrow(errors.JWKSNoMatchingKey);
  });

  it('can sign with a foreign key, and not with an unknown kid', async () => {
    const issuer = await start();
    const { key } = await createSigner({ kid: 'key-1' });
    const forged = await issuer.sign({}, { key });
    await expect(verify(forged, issuer)).rejects.toThrow(errors.JWSSignatureVerificationFailed);
    await expect(issuer.sign({}, { key: 'key-9' })).rejects.toThrow('has no key key-9');
  });

  it('answers 304 only to the ETag of an unchanged key set', async () => {
    const issuer = await start({ cacheControl: 'max-age=60' });
    const first = await fetch(issuer.jwksUri);
    expect(first.headers.get('cache-control')).toBe('max-age=60');
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await fetch(issuer.jwksUri, { headers })).status).toBe(304);
    await issuer.rotate();
    expect((await fetch(issuer.jwksUri, { headers })).status).toBe(200);
  });

  it('records each request with its path and headers', async () => {
    const issuer = await start();
    await fetch(`${issuer.jwksUri}?once`, { headers: { 'x-test': 'yes' } });
    await fetch(new URL('/nowhere', issuer.jwksUri));
    expect(issuer.requests.all.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /jwks', 'GET /nowhere']);
    expect(issuer.requests.all[0]?.headers).toMatchObject({ 'x-test': 'yes' });
    issuer.requests.clear();
    expect(issuer.requests.count('/jwks')).toBe(0);
  });
});

describe('a key server with a fault', () => {
  const get = (issuer: TestIssuer, init: RequestInit = {}) =>
    fetch(issuer.jwksUri, { signal: AbortSignal.timeout(3000), ...init });

  it('answers 500, and correctly after ok', async () => {
    const issuer = await start();
    await issuer.behave('status500');
    expect((await get(issuer)).status).toBe(500);
    await issuer.behave('ok');
    expect(await (await get(issuer)).json()).toEqual(issuer.publicJwks);
  });

  it('affects only the key set, or the given paths', async () => {
    const issuer = await start();
    await issuer.behave('status500', [discoveryPaths[0]]);
    expect((await get(issuer)).status).toBe(200);
    expect((await fetch(new URL(discoveryPaths[0], issuer.jwksUri))).status).toBe(500);
    expect((await fetch(new URL(discoveryPaths[1], issuer.jwksUri))).status).toBe(200);
  });

  it('never answers', async () => {
    const issuer = await start();
    await issuer.behave('timeout');
    await expect(get(issuer, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
    expect(issuer.requests.count('/jwks')).toBe(1);
  });

  it('refuses connections, closes open ones, and returns on the same port', async () => {
    const issuer = await start();
    await get(issuer);
    await issuer.behave('refuse');
    await expect(get(issuer)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await issuer.behave('ok');
    expect((await get(issuer)).status).toBe(200);
  });

  it('redirects to the correct key set', async () => {
    const issuer = await start();
    await issuer.behave('redirect');
    expect((await get(issuer, { redirect: 'manual' })).status).toBe(302);
    expect(await (await get(issuer)).json()).toEqual(issuer.publicJwks);
  });

  it('answers byte by byte', async () => {
    const issuer = await start();
    await issuer.behave('drip');
    const response = await get(issuer, { signal: AbortSignal.timeout(250) });
    let received = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of response.body ?? []) received += chunk.length;
    };
    await expect(read()).rejects.toThrow('timeout');
    expect(received).toBeGreaterThanOrEqual(2);
    expect(received).toBeLessThanOrEqual(6);
  });

  it('sends an endless answer', async () => {
    const issuer = await start();
    await issuer.behave('endless');
    let received = 0;
    for await (const chunk of (await get(issuer)).body ?? []) {
      received += chunk.length;
      if (received > 1024 * 1024) break;
    }
    expect(received).toBeGreaterThan(1024 * 1024);
  });

  it('answers 200 with HTML', async () => {
    const issuer = await start();
    await issuer.behave('html');
    const response = await get(issuer);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    await expect(response.json()).rejects.toThrow('is not valid JSON');
  });

  it('publishes an empty key set', async () => {
    const issuer = await start();
    await issuer.behave('empty');
    expect(await (await get(issuer)).json()).toEqual({ keys: [] });
  });

  it('publishes its keys together with invalid ones', async () => {
    const issuer = await start();
    await issuer.behave('broken-member');
    const { keys } = (await (await get(issuer)).json()) as { keys: unknown[] };
    expect(keys).toContain(null);
    expect(keys).toContainEqual(issuer.publicJwks.keys[0]);
  });

  it('answers with a custom handler', async () => {
    const issuer = await start();
    await issuer.behave((_request, response, keys) => void response.writeHead(200).end(`${keys.length} keys`));
    expect(await (await get(issuer)).text()).toBe('1 keys');
  });

  it('can be closed while a client waits', async () => {
    const issuer = await start();
    await issuer.behave('timeout');
    const waiting = expect(get(issuer)).rejects.toThrow('fetch failed');
    while (issuer.requests.count('/jwks') === 0) await new Promise((resolve) => setImmediate(resolve));
    await issuer.close();
    await waiting;
  });
});
