import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPublisher, LogError, type Publisher, type Revocation } from '@revocast/denylist';
import { createLifecycle, type Lifecycle, memoryStore } from '@revocast/issuer';
import { until } from '@revocast/test-support';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { createOauthClient, type OauthClient } from '../../src/client/oauth-client.ts';
import { createSendRequest } from '../../src/client/send-request.ts';
import { parseObject, readClaims, type Tokens } from '../../src/client/tokens.ts';
import { createIssuer, type Issuer } from '../../src/issuer/create-issuer.ts';
import { createIssuedTokens } from '../../src/issuer/issued-tokens.ts';
import { demoClient } from '../../src/issuer/provider-options.ts';
import { createPublicApp } from '../../src/issuer/public-app.ts';
import { createSigningKey } from '../../src/issuer/signing-keys.ts';
import { type Listener, listen } from '../../src/listen.ts';
import { createOpenTelemetry } from '../../src/telemetry/open-telemetry.ts';

const audience = 'https://api.example.com';
const { send, close: closeConnections } = createSendRequest();
let listener: Listener;
let issuer: Issuer;
let nowMs: number;
let revoked: Revocation[];
let errors: unknown[];
let log: Publisher;
let lifecycle: Lifecycle;
let publish: Publisher['revoke'];

beforeEach(async () => {
  nowMs = Date.now();
  revoked = [];
  errors = [];
  log = await createPublisher('memory:');
  publish = async (revocation, options) => {
    const published = await log.revoke(revocation, options);
    revoked.push(statedBy(revocation));
    return published;
  };
  listener = await listen();
  lifecycle = await createLifecycle({
    issuer: listener.url,
    log: { ...log, revoke: (...about) => publish(...about) },
    store: memoryStore(),
    issuerSpreadSeconds: 0,
  });
  const telemetry = createOpenTelemetry();
  const families = lifecycle.families({ keys: [{ id: 1, secret: randomBytes(32) }] });
  issuer = createIssuer({
    issuer: listener.url,
    audience,
    lifecycle,
    firstKey: await createSigningKey(),
    cookieKeys: ['a key for tests only'],
    issuedTokens: createIssuedTokens(() => nowMs),
    nowMs: () => nowMs,
    reportError: (error) => errors.push(error),
  });
  listener.serve(createPublicApp(issuer, families, telemetry.tracer));
});
afterEach(async () => {
  closeConnections();
  await listener.close();
  await lifecycle.close();
  await log.close();
});

/** Without the members that are not stated. */
function statedBy(revocation: Revocation): Revocation {
  return JSON.parse(JSON.stringify(revocation));
}

const newBrowser = (): OauthClient =>
  createOauthClient({
    issuer: listener.url,
    clientId: demoClient.id,
    redirectUri: demoClient.redirectUri,
    signedOutUri: demoClient.signedOutUri,
    send,
  });
const refreshed = async (client: OauthClient, tokens: Tokens): Promise<Tokens> => {
  const answer = await client.refresh(tokens.refreshToken);
  if (!answer.ok) throw new Error(answer.error);
  return answer.tokens;
};
const publishedKeys = async (): Promise<JSONWebKeySet> => {
  const { body } = await send(`${listener.url}/jwks`);
  return parseObject(body) as unknown as JSONWebKeySet;
};

describe('a login', () => {
  it('gives a signed JWT access token with every claim of RFC 9068, the session and the grant', async () => {
    const { accessToken, expiresInSeconds } = await newBrowser().login('alice');
    const { payload, protectedHeader } = await jwtVerify(accessToken, createLocalJWKSet(await publishedKeys()), {
      issuer: listener.url,
      audience,
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({ sub: 'alice', client_id: demoClient.id, scope: 'orders:read orders:write' });
    expect(payload.jti).toEqual(expect.any(String));
    expect(payload['sid']).toEqual(expect.any(String));
    expect(payload['grant_id']).toEqual(expect.any(String));
    expect(Number(payload.exp) - Number(payload.iat)).toBe(900);
    expect(expiresInSeconds).toBe(900);
    expect(revoked).toEqual([]);
  });

  it('creates a session and a grant for each browser of one user', async () => {
    const [first, second] = await Promise.all([newBrowser().login('alice'), newBrowser().login('alice')]);
    const [a, b] = [readClaims(first.accessToken), readClaims(second.accessToken)];
    expect(a['sid']).not.toBe(b['sid']);
    expect(a['grant_id']).not.toBe(b['grant_id']);
  });

  it('grants only the requested scopes', async () => {
    const { accessToken } = await newBrowser().login('alice', 'openid');
    expect(readClaims(accessToken)['scope']).toBeUndefined();
  });

  it.each(['', 'Alice', '../alice', 'a'.repeat(33)])('is refused for the account name %j', async (name) => {
    await expect(newBrowser().login(name)).rejects.toThrow('status 400');
  });
});

describe('a refresh', () => {
  it('replaces the refresh token and keeps session and grant', async () => {
    const client = newBrowser();
    const first = await client.login('alice');
    const second = await refreshed(client, first);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const [before, after] = [readClaims(first.accessToken), readClaims(second.accessToken)];
    expect(after['jti']).not.toBe(before['jti']);
    expect([after['sid'], after['grant_id']]).toEqual([before['sid'], before['grant_id']]);
    expect(revoked).toEqual([]);
  });

  it('with a used refresh token is refused and revokes the whole grant', async () => {
    const client = newBrowser();
    const stolen = await client.login('alice');
    const owners = await refreshed(client, stolen);
    expect(await newBrowser().refresh(stolen.refreshToken)).toEqual({ ok: false, status: 400, error: 'invalid_grant' });
    const grant = readClaims(stolen.accessToken)['grant_id'];
    expect(revoked).toEqual([{ issuer: listener.url, grant, reason: 'refresh_reuse' }]);
    expect(await client.refresh(owners.refreshToken)).toMatchObject({ ok: false, error: 'invalid_grant' });
  });

  it('with a used refresh token does not end other grants of the same user', async () => {
    const [victim, other] = [newBrowser(), newBrowser()];
    const stolen = await victim.login('alice');
    const untouched = await other.login('alice');
    await refreshed(victim, stolen);
    await victim.refresh(stolen.refreshToken);
    expect((await other.refresh(untouched.refreshToken)).ok).toBe(true);
  });
});

describe('a logout', () => {
  it('revokes the session and its grant, and refuses a refresh afterwards', async () => {
    const client = newBrowser();
    const tokens = await client.login('alice');
    const { sid, grant_id: grant } = readClaims(tokens.accessToken);
    await client.logout(tokens.idToken);
    expect(revoked).toEqual([
      { issuer: listener.url, grant, reason: 'logout' },
      { issuer: listener.url, session: sid, reason: 'logout' },
    ]);
    expect(await client.refresh(tokens.refreshToken)).toMatchObject({ ok: false, error: 'invalid_grant' });
  });

  it('is answered after its revocations are logged', async () => {
    const client = newBrowser();
    const tokens = await client.login('alice');
    const unlogged: (() => void)[] = [];
    const logAtOnce = publish;
    publish = async (...about) => {
      await new Promise<void>((resolve) => unlogged.push(resolve));
      return await logAtOnce(...about);
    };
    let answered = false;
    const logout = client.logout(tokens.idToken).then(() => {
      answered = true;
    });
    for (const ended of ['the grant', 'the session']) {
      await until(() => unlogged.length === 1, { what: `the revocation of ${ended}` });
      // Round trips on the same event loop, long enough for the answer of a logout that does not wait.
      for (let trip = 0; trip < 5; trip += 1) await send(`${listener.url}/livez`);
      expect(answered).toBe(false);
      unlogged.pop()?.();
    }
    await logout;
    expect(answered).toBe(true);
  });

  it('is answered as usual while the log is down, and logged later', async () => {
    const client = newBrowser();
    const tokens = await client.login('alice');
    const logAtOnce = publish;
    publish = async () => Promise.reject(new LogError('unavailable', 'the log is down'));
    await client.logout(tokens.idToken);
    expect({ revoked, errors }).toEqual({ revoked: [], errors: [] });
    expect(await client.refresh(tokens.refreshToken)).toMatchObject({ ok: false, error: 'invalid_grant' });
    publish = logAtOnce;
    await until(() => revoked.length === 2, { what: 'both revocations' });
  });
});

describe('signing out everywhere', () => {
  it('ends every refresh token and publishes a cutoff for the tokens issued up to now', async () => {
    const [laptop, phone] = [newBrowser(), newBrowser()];
    await laptop.login('alice');
    const onPhone = await phone.login('alice');
    const bobs = await newBrowser().login('bob');
    await laptop.signOutEverywhere();
    expect(revoked).toEqual([
      {
        issuer: listener.url,
        subject: 'alice',
        reason: 'logout',
        actor: 'self-service',
        issuedUpTo: expect.any(Number),
      },
    ]);
    expect(await phone.refresh(onPhone.refreshToken)).toMatchObject({ ok: false, error: 'invalid_grant' });
    expect((await newBrowser().refresh(bobs.refreshToken)).ok).toBe(true);
  });

  it('is refused without a session', async () => {
    await expect(newBrowser().signOutEverywhere()).rejects.toThrow('status 401');
    expect(revoked).toEqual([]);
  });
});

describe('a key rotation', () => {
  const kidOf = (tokens: Tokens): string | undefined => decodeProtectedHeader(tokens.accessToken).kid;

  it('signs with the new key, and keeps the old key published and every session valid', async () => {
    const client = newBrowser();
    const before = await client.login('alice');
    const next = await createSigningKey();
    issuer.rotateKey(next);
    const after = await refreshed(client, before);
    expect(kidOf(after)).toBe(next.kid);
    expect((await publishedKeys()).keys.map(({ kid }) => kid)).toEqual([next.kid, kidOf(before)]);
    await client.logout(after.idToken);
    expect(revoked).toHaveLength(2);
  });

  it('publishes no private member of a key', async () => {
    issuer.rotateKey(await createSigningKey());
    for (const key of (await publishedKeys()).keys) expect(key).not.toHaveProperty('d');
  });

  it('allows to withdraw and block a leaked key after another key signs', async () => {
    const leaked = String(kidOf(await newBrowser().login('alice')));
    await expect(issuer.reportLeakedKey(leaked)).rejects.toThrow('rotate before');
    expect(revoked).toEqual([]);
    issuer.rotateKey(await createSigningKey());
    await issuer.reportLeakedKey(leaked);
    expect((await publishedKeys()).keys.map(({ kid }) => kid)).not.toContain(leaked);
    expect(revoked).toEqual([{ issuer: listener.url, key: leaked, reason: 'key_compromise' }]);
  });
});
