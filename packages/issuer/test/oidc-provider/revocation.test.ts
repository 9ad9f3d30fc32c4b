import { afterEach, describe, expect, it } from '@jest/globals';
import { createSigner } from '@revocast/test-support';
import { Browser, claimsIn, laterLogin, tokensOf } from './browser.ts';
import { audience, opaqueAudience, type ServerOptions, startServer, type TestServer } from './server.ts';

let server: TestServer;
afterEach(async () => await server?.[Symbol.asyncDispose]());

async function start(options?: ServerOptions): Promise<Browser> {
  server = await startServer(options);
  return new Browser(server.issuer);
}

describe('given a JWT access token at /token/revocation', () => {
  it('revokes it for its own client: 200, and 401 at the API', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const { status, text } = await browser.revoke(accessToken);
    expect({ status, text, api: await server.call(accessToken) }).toEqual({ status: 200, text: '', api: 401 });
  });

  it('keeps the other tokens of the grant', async () => {
    const browser = await start();
    const { accessToken, refreshToken } = await browser.login('alice');
    await browser.revoke(accessToken);
    const refreshed = tokensOf(await browser.refresh(refreshToken));
    expect(await server.call(refreshed.accessToken)).toBe(200);
  });

  it('refuses it for another client: 400, and still accepted at the API', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const { status, error } = await browser.revoke(accessToken, 'admin');
    expect({ status, error, api: await server.call(accessToken) }).toEqual({
      status: 400,
      error: 'invalid_grant',
      api: 200,
    });
  });

  it('refuses it without a known client: 401, as the library does', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const { status, error } = await browser.revoke(accessToken, 'nobody');
    expect({ status, error, api: await server.call(accessToken) }).toEqual({
      status: 401,
      error: 'invalid_client',
      api: 200,
    });
  });

  it('answers 200 also to a client that prefers HTML', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const { status, text } = await browser.revoke(accessToken, 'shop', 'text/html');
    expect({ status, text, api: await server.call(accessToken) }).toEqual({ status: 200, text: '', api: 401 });
  });

  it('leaves the answer of the library for a token of another issuer and for an ID token', async () => {
    const browser = await start();
    const { idToken } = await browser.login('alice');
    const signer = await createSigner();
    const foreign = await browser.revoke(await signer.sign({ client_id: 'shop' }));
    const id = await browser.revoke(idToken);
    expect([foreign, id].map(({ status, error }) => ({ status, error }))).toEqual(
      Array(2).fill({ status: 400, error: 'unsupported_token_type' }),
    );
    expect(server.logged).toEqual([]);
  });

  it('waits for the log as long as every answer does', async () => {
    const browser = await start({ attach: { waitMs: 123 } });
    const { accessToken } = await browser.login('alice');
    const { lifecycle } = server;
    const report = lifecycle.report.bind(lifecycle);
    const waits: unknown[] = [];
    lifecycle.report = (event, options) => {
      waits.push(options?.waitMs);
      return report(event, options);
    };
    await browser.revoke(accessToken);
    expect(waits).toEqual([123]);
  });

  it('answers 503 with Retry-After while the keys cannot be read', async () => {
    const browser = await start({ attach: { keys: 'https://127.0.0.1:9/jwks' } });
    const { accessToken } = await browser.login('alice');
    const { status, headers, error } = await browser.revoke(accessToken);
    expect({ status, error, retryAfter: headers.get('retry-after') }).toEqual({
      status: 503,
      error: 'temporarily_unavailable',
      retryAfter: '1',
    });
  });
});

describe('given an opaque token at /token/revocation', () => {
  it('ends every JWT of the grant when a refresh token is revoked', async () => {
    const browser = await start();
    const { accessToken, refreshToken } = await browser.login('alice');
    const { status } = await browser.revoke(refreshToken);
    expect({ status, logged: server.logged, api: await server.call(accessToken) }).toEqual({
      status: 200,
      logged: ['grant'],
      api: 401,
    });
  });

  it('ends the JWTs of the client and user when an opaque access token is revoked, and none of a later login', async () => {
    const browser = await start();
    const { accessToken, refreshToken } = await browser.login('alice', { resources: [audience, opaqueAudience] });
    const opaque = tokensOf(await browser.refresh(refreshToken, 'shop', opaqueAudience)).accessToken;
    expect(opaque.split('.')).toHaveLength(1);
    const { status } = await browser.revoke(opaque);
    expect({ status, logged: server.logged, api: await server.call(accessToken) }).toEqual({
      status: 200,
      logged: ['subject'],
      api: 401,
    });
    // The library keeps the grant, so a denial of the grant would refuse this login for a day.
    const again = await laterLogin(browser);
    expect(claimsIn(again.accessToken)['grant_id']).toBe(claimsIn(accessToken)['grant_id']);
    expect(await server.call(again.accessToken)).toBe(200);
  });

  it('changes nothing for a token that is unknown', async () => {
    const browser = await start();
    const { status } = await browser.revoke('an-unknown-token');
    expect({ status, logged: server.logged }).toEqual({ status: 200, logged: [] });
  });
});
