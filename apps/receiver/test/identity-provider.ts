import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

export const audience = 'https://api.example.com';
const redirectUri = 'http://127.0.0.1/callback';

/** The real oidc-provider, whose client has a back-channel logout URI. Access tokens contain the `sid` of the client. */
export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly jwks: { readonly keys: readonly object[] };
  /** When it sent the last logout token: `performance.now()`. */
  readonly logoutSentAtMs: number;
  /** Signs a user in by the code flow. */
  login(account: string): Promise<SignedIn>;
}

export interface SignedIn {
  readonly accessToken: string;
  /** Signs out at the identity provider, which then sends the logout token. */
  logout(): Promise<void>;
}

/** @param logoutUri the route of the receiver, once it is known. */
export async function startIdentityProvider(logoutUri: () => string): Promise<IdentityProvider> {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  let logoutSentAtMs = 0;
  const provider = new Provider(issuer, {
    ...configurationOf(key),
    async fetch(url: URL, init: RequestInit) {
      if (init.method !== 'POST') return await fetch(url, init);
      logoutSentAtMs = performance.now();
      // The receiver starts after the identity provider: the registered URI is a placeholder.
      return await fetch(logoutUri(), { method: 'POST', body: init.body ?? null, headers: init.headers ?? {} });
    },
  });
  const app = express();
  app.get('/interaction/:uid', async (request, response) => {
    const { params } = await provider.interactionDetails(request, response);
    const login = { accountId: String(params['login_hint']) };
    await provider.interactionFinished(request, response, { login, consent: {} });
  });
  app.use(provider.callback());
  handle = app;
  const { d: _private, ...publicKey } = key;
  return {
    issuer,
    jwks: { keys: [publicKey] },
    get logoutSentAtMs() {
      return logoutSentAtMs;
    },
    login: (account) => login(issuer, account),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface TokenContext {
  readonly oidc: {
    readonly provider: Provider;
    readonly session: { readonly accountId: string; grantIdFor(client: string): string | undefined };
    readonly client: { readonly clientId: string };
  };
}

function configurationOf(key: object): object {
  return {
    jwks: { keys: [key] },
    cookies: { keys: ['a secret for tests'] },
    clients: [
      {
        client_id: 'shop',
        token_endpoint_auth_method: 'none',
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: 'ES256',
        backchannel_logout_uri: 'https://receiver.example.com/sso',
        backchannel_logout_session_required: true,
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    async loadExistingGrant({ oidc: { provider, session, client } }: TokenContext) {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid');
      grant.addResourceScope(audience, 'orders');
      await grant.save();
      return grant;
    },
    async extraTokenClaims({ oidc }: TokenContext, token: { sessionUid?: string; clientId: string }) {
      const session = await oidc.provider.Session.findByUid(token.sessionUid ?? '');
      return { sid: (session as unknown as { sidFor(client: string): string } | undefined)?.sidFor(token.clientId) };
    },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'orders',
          audience,
          accessTokenTTL: 900,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256', kid: 'k1' } },
        }),
      },
    },
    ttl: { AccessToken: 900, AuthorizationCode: 60, Grant: 900, IdToken: 900, Interaction: 600, Session: 900 },
  };
}

/** A browser with cookies. */
async function login(issuer: string, account: string): Promise<SignedIn> {
  const cookies = new Map<string, string>();
  const open = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return answer;
  };
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'shop',
    redirect_uri: redirectUri,
    scope: 'openid orders',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    login_hint: account,
    prompt: 'login',
  });
  let url = `${issuer}/auth?${query}`;
  for (let hops = 0; !url.startsWith(redirectUri); hops += 1) {
    const location = (await open(url)).headers.get('location');
    if (location === null || hops === 12) throw new Error('the login did not end');
    url = new URL(location, url).href;
  }
  const code = new URL(url).searchParams.get('code') ?? '';
  const form = {
    client_id: 'shop',
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  };
  const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
  const tokens = (await answer.json()) as { access_token: string; id_token: string };
  return {
    accessToken: tokens.access_token,
    async logout() {
      const page = await (await open(`${issuer}/session/end?id_token_hint=${tokens.id_token}`)).text();
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
      const body = new URLSearchParams({ xsrf, logout: 'yes' });
      await (await open(`${issuer}/session/end/confirm`, { method: 'POST', body })).arrayBuffer();
    },
  };
}
