import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mintKey } from '@revocast/test-support';
import { exportJWK } from 'jose';

export const audience = 'https://api.example.com';
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The part of oidc-provider that these tests use. */
interface ProviderLike {
  callback(): RequestListener;
  on(event: string, listener: (...args: unknown[]) => void): void;
  readonly Grant: new (
    of: object,
  ) => {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  };
  readonly Client: { find(id: string): Promise<unknown> };
  readonly RefreshToken: new (of: object) => { save(): Promise<string> };
}

/** Where a test can hold the server. */
export interface Pauses {
  /** Before a refresh token is spent. */
  beforeConsume?: () => Promise<void>;
}

export interface TokenEndpoint {
  readonly pauses: Pauses;
  readonly issuer: string;
  readonly publicJwk: object;
  /** A refresh token, as after a sign-in. */
  signIn(): Promise<string>;
  /** Requests that the server behind has seen. */
  readonly seen: { count: number };
  close(): Promise<void>;
}

/** A real oidc-provider that rotates refresh tokens, behind a handler. */
export async function startProvider(
  handler: Middleware = (_request, _response, next) => next(),
): Promise<TokenEndpoint> {
  const seen = { count: 0 };
  const pauses: Pauses = {};
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    handler(request, response, () => {
      seen.count += 1;
      handle(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const key = await mintKey('ES256', 'k1');
  const jwk = { ...(await exportJWK(key.privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  // The package has no types.
  const name = 'oidc-provider';
  const { Provider } = (await import(name)) as { Provider: new (issuer: string, options: object) => ProviderLike };
  const provider = new Provider(issuer, configurationOf(jwk, pauses));
  handle = provider.callback();
  return {
    issuer,
    publicJwk: key.publicJwk,
    seen,
    pauses,
    async signIn() {
      const grant = new provider.Grant({ accountId: 'alice', clientId: 'shop' });
      grant.addOIDCScope('openid offline_access');
      grant.addResourceScope(audience, 'orders');
      const grantId = await grant.save();
      const token = new provider.RefreshToken({
        client: await provider.Client.find('shop'),
        accountId: 'alice',
        grantId,
        scope: 'openid offline_access orders',
        resource: audience,
        gty: 'authorization_code',
        rotations: 0,
        authTime: Math.floor(Date.now() / 1000),
      });
      return await token.save();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: { readonly access_token?: string; readonly refresh_token?: string; readonly error?: string };
  readonly headers: Headers;
}

/** Refreshes as a public client. @param part parameters and headers that differ. */
export async function refresh(
  { issuer }: { readonly issuer: string },
  refreshToken: string,
  part: { readonly form?: Readonly<Record<string, string>>; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<TokenAnswer> {
  const form = { grant_type: 'refresh_token', client_id: 'shop', refresh_token: refreshToken, ...part.form };
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: part.headers ?? {},
  });
  return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'], headers: answer.headers };
}

function configurationOf(jwk: object, pauses: Pauses): object {
  return {
    jwks: { keys: [jwk] },
    adapter: createAdapter(pauses),
    cookies: { keys: ['a secret for tests'] },
    clients: [
      {
        client_id: 'shop',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://shop.example.com/callback'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', 'offline_access'],
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
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
    ttl: { AccessToken: 900, Grant: 86_400, IdToken: 900, RefreshToken: 86_400, Session: 86_400 },
  };
}

interface Item {
  readonly grantId?: string;
  consumed?: boolean;
}

/** The storage port of the library, in memory: its own one holds little, and warns. */
function createAdapter(pauses: Pauses) {
  const items = new Map<string, Item>();
  return class {
    readonly #model: string;
    constructor(model: string) {
      this.#model = model;
    }
    async upsert(id: string, item: Item) {
      items.set(`${this.#model}:${id}`, item);
    }
    async find(id: string) {
      return items.get(`${this.#model}:${id}`);
    }
    async consume(id: string) {
      await pauses.beforeConsume?.();
      const item = items.get(`${this.#model}:${id}`);
      if (item !== undefined) item.consumed = true;
    }
    async destroy(id: string) {
      items.delete(`${this.#model}:${id}`);
    }
    async revokeByGrantId(grantId: string) {
      for (const [key, item] of items) {
        if (key.startsWith(`${this.#model}:`) && item.grantId === grantId) items.delete(key);
      }
    }
  };
}
