import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createLifecycle, type Lifecycle, memoryStore } from '@revocast/issuer';
import { createOauthClient, type OauthClient } from '../../src/client/oauth-client.ts';
import { createSendRequest } from '../../src/client/send-request.ts';
import { readClaims, type Tokens } from '../../src/client/tokens.ts';
import { createIssuer, type Issuer } from '../../src/issuer/create-issuer.ts';
import { createIssuedTokens } from '../../src/issuer/issued-tokens.ts';
import { createOperatorApp } from '../../src/issuer/operator-app.ts';
import { demoClient } from '../../src/issuer/provider-options.ts';
import { createPublicApp } from '../../src/issuer/public-app.ts';
import { createSigningKey } from '../../src/issuer/signing-keys.ts';
import { type Listener, listen } from '../../src/listen.ts';
import { clientClasses } from '../../src/telemetry/client-classes.ts';
import { followContext } from '../../src/telemetry/context-manager.ts';
import { createOpenTelemetry } from '../../src/telemetry/open-telemetry.ts';
import { counted } from './counted.ts';

const { send, close: closeConnections } = createSendRequest();
let everybody: Listener;
let operators: Listener;
let issuer: Issuer;
let publisher: Publisher;
let lifecycle: Lifecycle;
let spans: InMemorySpanExporter;
let nowMs: number;
let unfollow: () => void;

beforeAll(() => {
  unfollow = followContext();
});
afterAll(() => {
  unfollow();
  closeConnections();
});
beforeEach(async () => {
  nowMs = Date.now();
  spans = new InMemorySpanExporter();
  const telemetry = createOpenTelemetry({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  publisher = await createPublisher('memory:', {
    openTelemetry: telemetry.api,
    clock: 'issuer',
    issuerSpreadSeconds: 0,
  });
  [everybody, operators] = [await listen(), await listen()];
  const issuedTokens = createIssuedTokens(() => nowMs);
  lifecycle = await createLifecycle({
    issuer: everybody.url,
    log: publisher,
    store: memoryStore(),
    issuerSpreadSeconds: 0,
    openTelemetry: telemetry.api,
    clientClasses,
    countActive: () => issuedTokens.countActive(),
  });
  const families = lifecycle.families({ keys: [{ id: 1, secret: randomBytes(32) }] });
  issuer = createIssuer({
    issuer: everybody.url,
    audience: 'https://api.example.com',
    lifecycle,
    firstKey: await createSigningKey(),
    cookieKeys: ['a key for tests only'],
    issuedTokens,
    nowMs: () => nowMs,
    reportError: () => undefined,
  });
  everybody.serve(createPublicApp(issuer, families, telemetry.tracer));
  operators.serve(createOperatorApp({ issuer, newKey: createSigningKey, ...telemetry }));
});
afterEach(async () => {
  await Promise.all([everybody.close(), operators.close()]);
  await lifecycle.close();
  await publisher.close();
});

const newBrowser = (): OauthClient =>
  createOauthClient({
    issuer: everybody.url,
    clientId: demoClient.id,
    redirectUri: demoClient.redirectUri,
    signedOutUri: demoClient.signedOutUri,
    send,
  });
const refreshed = async (client: OauthClient, { refreshToken }: Tokens): Promise<Tokens> => {
  const answer = await client.refresh(refreshToken);
  if (!answer.ok) throw new Error(answer.error);
  return answer.tokens;
};
const scrape = async (): Promise<string> => (await send(`${operators.url}/metrics`)).body;
const read = async (name: string) => counted(await scrape(), `oauth2_${name}`);

describe('the metrics of an issuer', () => {
  it('count logins, refreshes, a failed refresh, and a second use of a refresh token', async () => {
    const owner = newBrowser();
    const login = await owner.login('alice');
    await newBrowser().login('bob');
    const second = await refreshed(owner, login);
    expect(await owner.refresh('no-such-token')).toMatchObject({ ok: false, error: 'invalid_grant' });
    expect(await newBrowser().refresh(login.refreshToken)).toMatchObject({ ok: false, error: 'invalid_grant' });
    expect(await owner.refresh(second.refreshToken)).toMatchObject({ ok: false, error: 'invalid_grant' });

    expect(await read('token_issued_total')).toEqual({
      'authorization_code success spa': 2,
      'refresh_token success spa': 1,
      'refresh_token invalid_grant spa': 3,
    });
    expect(await read('token_refreshed_total')).toEqual({ success: 1, invalid_grant: 3 });
    expect(await read('refresh_token_reuse_total')).toEqual({ 'spa replayed': 1 });
    expect(await read('token_age_at_refresh_count')).toEqual({ '': 1 });
    expect(await read('token_revoked_total')).toEqual({ 'refresh_reuse grant': 1 });
    // The token of bob. Those of the revoked grant are not active.
    expect(await read('token_active')).toEqual({ '': 1 });
  });

  it('count other failures by OAuth error code, and an unknown client with the class unknown', async () => {
    const ask = async (parameters: Record<string, string>, path = '/token') => {
      const body = new URLSearchParams(parameters).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };
      return (await send(everybody.url + path, { method: 'POST', headers, body })).status;
    };
    expect(await ask({ client_id: demoClient.id, grant_type: 'authorization_code' })).toBe(400);
    expect(await ask({ client_id: 'somebody', grant_type: 'client_credentials' }, '/TOKEN/')).toBe(401);
    expect(await ask({ client_id: demoClient.id, grant_type: 'password' })).toBe(400);
    expect(await ask({})).toBe(400);
    expect(await read('token_issued_total')).toEqual({
      'authorization_code invalid_request spa': 1,
      'client_credentials invalid_client unknown': 1,
      'other unsupported_grant_type spa': 1,
      'other invalid_request unknown': 1,
    });
  });

  it('contain no subject, client, session, grant or token', async () => {
    const client = newBrowser();
    const tokens = await refreshed(client, await client.login('alice'));
    await client.logout(tokens.idToken);
    const text = await scrape();
    const { sid, grant_id: grant, jti } = readClaims(tokens.accessToken);
    for (const secret of ['alice', demoClient.id, sid, grant, jti, tokens.accessToken, tokens.refreshToken]) {
      expect(text).not.toContain(String(secret));
    }
    const attributes = JSON.stringify(spans.getFinishedSpans().map(({ attributes }) => attributes));
    for (const secret of ['alice', sid, grant, jti, tokens.refreshToken])
      expect(attributes).not.toContain(String(secret));
  });
});

describe('the number of active access tokens', () => {
  const active = async () => (await read('token_active'))[''] ?? 0;

  it('decreases with a logout, a sign-out everywhere, a leaked key, and expiry', async () => {
    const [laptop, phone] = [newBrowser(), newBrowser()];
    const onLaptop = await laptop.login('alice');
    await phone.login('alice');
    for (const name of ['bob', 'carol']) await newBrowser().login(name);
    expect(await active()).toBe(4);
    await laptop.logout(onLaptop.idToken);
    expect(await active()).toBe(3);
    await phone.signOutEverywhere();
    expect(await active()).toBe(2);

    const [{ kid = '' } = {}] = JSON.parse((await send(`${everybody.url}/jwks`)).body).keys;
    await send(`${operators.url}/keys`, { method: 'POST' });
    await newBrowser().login('dave');
    await send(`${operators.url}/keys/${kid}/leaked`, { method: 'POST' });
    expect(await active()).toBe(1);
    nowMs += 900_000;
    expect(await active()).toBe(0);
  });

  it('decreases with a logout for all grants of the session', async () => {
    const client = newBrowser();
    const first = await client.login('alice');
    const second = await client.login('alice');
    const [before, after] = [readClaims(first.accessToken), readClaims(second.accessToken)];
    expect([before['sid'], before['grant_id'] === after['grant_id']]).toEqual([after['sid'], false]);
    await client.logout(second.idToken);
    expect(await active()).toBe(0);
  });
});

describe('the spans of an issuer', () => {
  /** The names of the ancestors of a span, and of the span. */
  const pathOf = (name: string): string[][] => {
    const all = spans.getFinishedSpans();
    const above = (id: string | undefined): string[] => {
      const span = all.find((candidate) => candidate.spanContext().spanId === id);
      return span === undefined ? [] : [...above(span.parentSpanContext?.spanId), span.name];
    };
    return all.filter((span) => span.name === name).map((span) => above(span.spanContext().spanId));
  };

  it('cover requests to the token endpoint', async () => {
    const client = newBrowser();
    await refreshed(client, await client.login('alice'));
    expect(pathOf('oauth2.token.issue')).toEqual([['POST', 'oauth2.token.issue']]);
    expect(pathOf('oauth2.token.refresh')).toEqual([['POST', 'oauth2.token.refresh']]);
  });

  it('contain a revocation as a child of the request that caused it', async () => {
    const owner = newBrowser();
    const login = await owner.login('alice');
    await refreshed(owner, login);
    await owner.refresh(login.refreshToken);
    expect(pathOf('oauth2.token.revoke_all')).toEqual([['POST', 'oauth2.token.refresh', 'oauth2.token.revoke_all']]);
  });

  it('contain the revocations of a logout and of an operator as children of the request', async () => {
    const client = newBrowser();
    const { idToken } = await client.login('alice');
    await client.logout(idToken);
    await send(`${operators.url}/accounts/bob/sign-out-everywhere`, { method: 'POST' });
    // The grant and the session of a logout, and an account.
    expect(pathOf('oauth2.token.revoke_all')).toEqual(Array(3).fill(['POST', 'oauth2.token.revoke_all']));
  });
});
