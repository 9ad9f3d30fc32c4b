import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { Browser, claimsIn, laterLogin, tokensOf } from './browser.ts';
import { type ServerOptions, startServer, type TestServer } from './server.ts';

let server: TestServer;
afterEach(async () => await server?.[Symbol.asyncDispose]());

async function start(options?: ServerOptions): Promise<Browser> {
  server = await startServer(options);
  return new Browser(server.issuer);
}

describe('given a second use of a credential', () => {
  it('ends every access token of the grant when a refresh token is used twice', async () => {
    const browser = await start();
    const first = await browser.login('alice');
    const second = tokensOf(await browser.refresh(first.refreshToken));
    const { status, error } = await browser.refresh(first.refreshToken);
    expect({ status, error, logged: server.logged }).toEqual({
      status: 400,
      error: 'invalid_grant',
      logged: ['grant'],
    });
    expect(await Promise.all([first, second].map(({ accessToken }) => server.call(accessToken)))).toEqual([401, 401]);
  });
});

describe('given code of an operator', () => {
  it('sees a grant that is destroyed, as by a consent page, which revokes no token by itself', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const grant = await server.provider.Grant.find(String(claimsIn(accessToken)['grant_id']));
    await grant?.destroy();
    expect({ logged: server.logged, api: await server.call(accessToken) }).toEqual({ logged: ['grant'], api: 401 });
  });

  it('logs the end of a grant once, however its parts are deleted', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const id = String(claimsIn(accessToken)['grant_id']);
    const grant = await server.provider.Grant.find(id);
    await grant?.destroy();
    await server.provider.RefreshToken.revokeByGrantId(id);
    expect(server.logged).toEqual(['grant']);
  });

  it('reports a session that is destroyed', async () => {
    const browser = await start();
    const { accessToken } = await browser.login('alice');
    const session = await server.provider.Session.findByUid(String(claimsIn(accessToken)['sid']));
    await session?.destroy();
    expect({ logged: server.logged, api: await server.call(accessToken) }).toEqual({ logged: ['session'], api: 401 });
  });

  it('ends the tokens issued until now, and no later ones, when the tokens of a grant are deleted and the grant stays', async () => {
    const browser = await start();
    const before = await browser.login('alice');
    const id = String(claimsIn(before.accessToken)['grant_id']);
    await server.provider.RefreshToken.revokeByGrantId(id);
    expect(server.logged).toEqual(['subject']);
    expect(await server.call(before.accessToken)).toBe(401);
    const after = await laterLogin(browser);
    expect(claimsIn(after.accessToken)['grant_id']).toBe(id);
    expect(await server.call(after.accessToken)).toBe(200);
  });
});

/** Fails a write as the end of the process would: what was noted before stays noted. */
function dieBefore(dies: RegExp): void {
  server.storage.beforeWrite = (write) => {
    if (dies.test(write)) throw new Error(`the process dies before ${write}`);
  };
}

describe('given a failure between the report and the deletion', () => {
  it('lets the tokens die and the grant live, never the other way round', async () => {
    const browser = await start();
    const { accessToken, refreshToken } = await browser.login('alice');
    dieBefore(/revokeByGrantId|Grant/);
    const { status } = await browser.revoke(refreshToken);
    await until(() => server.logged.length === 1, { what: 'the revocation in the log' });
    expect({ status, grants: server.storage.count('Grant'), api: await server.call(accessToken) }).toEqual({
      status: 500,
      grants: 1,
      api: 401,
    });
  });

  it('costs one sign-in more: the next login has a new grant, whose tokens are accepted', async () => {
    const browser = await start();
    const { accessToken, refreshToken } = await browser.login('alice');
    dieBefore(/revokeByGrantId|Grant/);
    await browser.revoke(refreshToken);
    server.storage.beforeWrite = () => undefined;
    expect((await browser.refresh(refreshToken)).error).toBe('invalid_grant');
    const again = await browser.login('alice', { prompt: 'none' });
    expect(claimsIn(again.accessToken)['grant_id']).not.toBe(claimsIn(accessToken)['grant_id']);
    expect(await server.call(again.accessToken)).toBe(200);
  });

  it('has noted the end of the grant before a reused refresh token is deleted', async () => {
    const browser = await start();
    const { refreshToken } = await browser.login('alice');
    await browser.refresh(refreshToken);
    server.storage.writes.length = 0;
    await browser.refresh(refreshToken);
    expect(server.storage.writes[0]).toBe('noted');
    expect(server.storage.writes).toContain('RefreshToken.destroy');
  });

  it('has noted the end of the session before the session is deleted', async () => {
    const browser = await start();
    const { accessToken, idToken } = await browser.login('alice', { scope: 'openid orders' });
    dieBefore(/Session/);
    const { status } = await browser.logout(idToken);
    await until(() => server.logged.includes('session'), { what: 'the session in the log' });
    expect({ status, sessions: server.storage.count('Session'), api: await server.call(accessToken) }).toEqual({
      status: 500,
      sessions: 1,
      api: 401,
    });
  });

  it('costs one sign-in more: the session that was not deleted is not found', async () => {
    const browser = await start();
    const { accessToken, idToken } = await browser.login('alice');
    dieBefore(/Session/);
    await browser.logout(idToken);
    server.storage.beforeWrite = () => undefined;
    await expect(browser.login('alice', { prompt: 'none' })).rejects.toThrow('login_required');
    const again = await browser.login('alice');
    expect(claimsIn(again.accessToken)['sid']).not.toBe(claimsIn(accessToken)['sid']);
    expect(await server.call(again.accessToken)).toBe(200);
  });

  it('finishes the deletion when the grant is read, because the note of its end is deleted after a week', async () => {
    const browser = await start();
    const first = await browser.login('alice');
    const second = await browser.login('alice', { prompt: 'none' });
    dieBefore(/revokeByGrantId|Grant/);
    await browser.revoke(first.refreshToken);
    // A model that this server does not use has no table.
    dieBefore(/DeviceCode/);
    expect((await browser.refresh(second.refreshToken)).error).toBe('invalid_grant');
    const left = ['Grant', 'RefreshToken'].map((model) => server.storage.count(model));
    expect({ left, logged: server.logged }).toEqual({ left: [0, 0], logged: ['grant'] });
  });

  it('finishes the deletion when the session is read', async () => {
    const browser = await start();
    const { idToken } = await browser.login('alice');
    dieBefore(/Session/);
    await browser.logout(idToken);
    server.storage.beforeWrite = () => undefined;
    await expect(browser.login('alice', { prompt: 'none' })).rejects.toThrow('login_required');
    expect(server.storage.writes.filter((write) => write === 'Session.destroy')).toHaveLength(1);
  });

  it('finds sessions and grants while the store is down', async () => {
    const browser = await start();
    const { refreshToken } = await browser.login('alice');
    server.storeIsDown = true;
    expect((await browser.refresh(refreshToken)).status).toBe(200);
  });

  it('deletes nothing when the end cannot be noted', async () => {
    const browser = await start();
    const { accessToken, refreshToken, idToken } = await browser.login('alice');
    server.storeIsDown = true;
    const { status } = await browser.logout(idToken);
    expect({
      status,
      writes: server.storage.writes.filter((write) => /revokeByGrantId|Grant|Session/.test(write)),
    }).toEqual({
      status: 500,
      writes: [],
    });
    expect(await server.call(accessToken)).toBe(200);
    expect((await browser.refresh(refreshToken)).status).toBe(200);
  });
});
