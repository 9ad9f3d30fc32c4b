import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { Browser, claimsIn, tokensOf } from './browser.ts';
import { type ServerOptions, startServer, type TestServer } from './server.ts';

let server: TestServer;
afterEach(async () => await server?.[Symbol.asyncDispose]());

async function start(options?: ServerOptions): Promise<Browser> {
  server = await startServer(options);
  return new Browser(server.issuer);
}

describe('given a session without offline_access', () => {
  it('ends its tokens at the API, and answers only once the log has the revocation', async () => {
    const browser = await start();
    const { accessToken, idToken } = await browser.login('alice');
    expect(await server.call(accessToken)).toBe(200);
    const answer = await browser.logout(idToken);
    expect({ status: answer.status, logged: server.logged }).toEqual({ status: 303, logged: ['grant', 'session'] });
    expect(await server.call(accessToken)).toBe(401);
  });

  it('keeps the sessions of the same user on other devices', async () => {
    const laptop = await start();
    const phone = new Browser(server.issuer);
    const { idToken } = await laptop.login('alice');
    const { accessToken } = await phone.login('alice');
    await laptop.logout(idToken);
    expect(await server.call(accessToken)).toBe(200);
  });

  it('logs nothing for a logout without a login', async () => {
    const browser = await start();
    const { idToken } = await browser.login('alice');
    await new Browser(server.issuer).logout(idToken);
    expect(server.logged).toEqual([]);
  });

  it('does not take a login, which changes the id of the session, for its end', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    await browser.login('alice', { prompt: 'login' });
    expect({ writes: server.storage.writes.includes('Session.destroy'), logged: server.logged }).toEqual({
      writes: true,
      logged: [],
    });
    expect(await server.call(accessToken)).toBe(200);
  });

  it('ends the session of the user before, when another user signs in with the same browser', async () => {
    const browser = await start();
    const { accessToken, idToken } = await browser.login('alice');
    await browser.logout(idToken);
    const bobs = await browser.login('bob');
    expect({ alice: await server.call(accessToken), bob: await server.call(bobs.accessToken) }).toEqual({
      alice: 401,
      bob: 200,
    });
  });

  it('ends only the grant of a client that signs out alone', async () => {
    const browser = await start();
    const shop = await browser.login('alice', { client: 'shop' });
    const admin = await browser.login('alice', { client: 'admin' });
    await browser.logout(shop.idToken, false);
    expect(server.logged).toEqual(['grant']);
    expect({ shop: await server.call(shop.accessToken), admin: await server.call(admin.accessToken) }).toEqual({
      shop: 401,
      admin: 200,
    });
  });
});

describe('given offline_access', () => {
  const scope = 'openid orders offline_access';

  it('keeps its tokens through a logout, and accepts those that are refreshed later', async () => {
    const browser = await start();
    const { accessToken, refreshToken, idToken } = await browser.login('alice', { scope });
    await browser.logout(idToken);
    const refreshed = tokensOf(await browser.refresh(refreshToken));
    expect({ before: await server.call(accessToken), after: await server.call(refreshed.accessToken) }).toEqual({
      before: 200,
      after: 200,
    });
  });

  it('puts no sid into its tokens, because they do not end with the session', async () => {
    const browser = await start();
    const offline = await browser.login('alice', { scope });
    const online = await new Browser(server.issuer).login('alice');
    expect(Object.keys(claimsIn(offline.accessToken))).not.toContain('sid');
    expect(Object.keys(claimsIn(offline.accessToken))).toContain('grant_id');
    expect(Object.keys(claimsIn(online.accessToken))).toEqual(expect.arrayContaining(['sid', 'grant_id']));
  });
});

describe('given a log that is slow', () => {
  it('answers the logout once the log has answered', async () => {
    const browser = await start({ attach: { waitMs: 60_000 } });
    const { idToken } = await browser.login('alice');
    let answerNow = (): void => undefined;
    server.logAnswers = new Promise((resolve) => {
      answerNow = resolve;
    });
    let isAnswered = false;
    const logout = browser.logout(idToken).then(() => {
      isAnswered = true;
    });
    await until(() => server.storage.writes.includes('Session.destroy'), { what: 'the deletion of the session' });
    // A request of another user is handled meanwhile, from its beginning to its end.
    await new Browser(server.issuer).login('bob');
    expect(isAnswered).toBe(false);
    answerNow();
    await logout;
    expect(server.logged).toEqual(['grant', 'session']);
  });
});

describe('given a log that cannot be reached', () => {
  it('answers the logout as usual after waitMs, and logs it once the log is back', async () => {
    const browser = await start({ attach: { waitMs: 50 } });
    const { accessToken, idToken } = await browser.login('alice');
    server.logIsDown = true;
    const { status } = await browser.logout(idToken);
    expect({ status, logged: server.logged, api: await server.call(accessToken) }).toEqual({
      status: 303,
      logged: [],
      api: 200,
    });
    server.logIsDown = false;
    await until(() => server.logged.length === 2, { what: 'both revocations in the log' });
    expect(await server.call(accessToken)).toBe(401);
  });
});

describe('given a store that goes down once the end is noted', () => {
  it('answers the logout as usual, because the revocation is not lost', async () => {
    const browser = await start({ attach: { waitMs: 50 } });
    const { accessToken, idToken } = await browser.login('alice');
    server.logIsDown = true;
    // The session is the last that is deleted.
    server.storage.beforeWrite = (write) => {
      server.storeIsDown = write === 'Session.destroy';
    };
    const { status } = await browser.logout(idToken);
    Object.assign(server, { storeIsDown: false, logIsDown: false });
    expect(status).toBe(303);
    await until(() => server.logged.length === 2, { what: 'both revocations in the log' });
    expect(await server.call(accessToken)).toBe(401);
  });
});

describe('given the sid of the client in access tokens', () => {
  const attach = { sid: 'client' } as const;

  it('gives the access token the sid of the ID token, and ends it with the session', async () => {
    const browser = await start({
      attach,
      configuration: { clients: [clientWithSid('shop'), clientWithSid('admin')] },
    });
    const shop = await browser.login('alice', { client: 'shop' });
    const admin = await browser.login('alice', { client: 'admin' });
    const sids = [shop, admin].map(({ accessToken }) => claimsIn(accessToken)['sid']);
    expect(sids).toEqual([shop, admin].map(({ idToken }) => claimsIn(idToken)['sid']));
    expect(new Set(sids).size).toBe(2);
    await browser.logout(shop.idToken);
    expect(server.logged.filter((dimension) => dimension === 'session')).toHaveLength(3);
    expect(await Promise.all([shop, admin].map(({ accessToken }) => server.call(accessToken)))).toEqual([401, 401]);
  });

  it('gives the sid of the session to a client whose ID tokens carry none', async () => {
    const browser = await start({ attach });
    const { accessToken, idToken } = await browser.login('alice');
    expect(typeof claimsIn(accessToken)['sid']).toBe('string');
    expect(claimsIn(idToken)['sid']).toBeUndefined();
    await browser.logout(idToken);
    expect(await server.call(accessToken)).toBe(401);
  });
});

function clientWithSid(id: string): object {
  return {
    client_id: id,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['http://127.0.0.1/callback'],
    id_token_signed_response_alg: 'ES256',
    backchannel_logout_session_required: true,
    backchannel_logout_uri: 'http://127.0.0.1:9/backchannel',
  };
}
