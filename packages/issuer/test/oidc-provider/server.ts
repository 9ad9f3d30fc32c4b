import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPublisher, LogError, type Publisher } from '@revocast/denylist';
import { protect } from '@revocast/middleware';
import express from 'express';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import {
  createLifecycle,
  type Lifecycle,
  type LifecycleOptions,
  type LifecycleStore,
  memoryStore,
  StoreError,
} from '../../src/index.ts';
import { type AttachOptions, attach, claimsOf, recording } from '../../src/oidc-provider.ts';
import { redirectUri } from './browser.ts';
import { createStorage, type Storage } from './storage.ts';

export const audience = 'https://api.example.com';
/** A resource whose access tokens are opaque. */
export const opaqueAudience = 'https://opaque.example.com';

export interface ServerOptions {
  /** Changes to the configuration of the library. */
  readonly configuration?: object;
  readonly attach?: AttachOptions;
  readonly lifecycle?: Partial<LifecycleOptions>;
  /** Default: a log in memory. */
  readonly log?: Publisher;
}

/** An oidc-provider server, and an API that accepts its tokens, both over real sockets. */
export interface TestServer extends AsyncDisposable {
  readonly issuer: string;
  readonly provider: Provider;
  readonly lifecycle: Lifecycle;
  readonly storage: Storage;
  /** What the log has: `dimension` of each revocation, in order. */
  readonly logged: string[];
  /** While true, the log cannot be reached. */
  logIsDown: boolean;
  /** While true, nothing can be noted. */
  storeIsDown: boolean;
  /** The log answers once this resolves. */
  logAnswers: Promise<void>;
  /** The status with which the API answers this token. */
  call(accessToken: string): Promise<number>;
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const log = options.log ?? (await createPublisher('memory:'));
  const logged: string[] = [];
  const faults = { logIsDown: false, storeIsDown: false, logAnswers: Promise.resolve() };
  const storage = createStorage();
  const publisher = watch(log, logged, faults);
  const store = failing(memoryStore(), faults, storage.writes);
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const web = await listen((request, response) => handle(request, response));
  const { issuer } = web;
  const lifecycle = await createLifecycle({ issuer, log: publisher, store, ...options.lifecycle });
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const provider = new Provider(issuer, {
    ...configurationOf(key),
    adapter: recording(storage.adapter, lifecycle),
    extraTokenClaims: claimsOf,
    ...options.configuration,
  });
  attach(provider, lifecycle, options.attach);
  handle = createApp(provider);

  const api = express();
  api.use(
    protect({
      issuer,
      audience,
      jwks: { keys: [publicPart(key)] },
      revocation: { feed: log },
      logger: null,
    }),
  );
  api.get('/orders', (_request, response) => void response.json({ ok: true }));
  const apiServer = await listen(api);

  return Object.assign(faults, {
    issuer,
    provider,
    lifecycle,
    storage,
    logged,
    async call(accessToken: string) {
      const answer = await fetch(`${apiServer.issuer}/orders`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      await answer.text();
      return answer.status;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([web.close(), apiServer.close()]);
      await lifecycle.close();
      await log.close();
    },
  });
}

type Faults = Pick<TestServer, 'logIsDown' | 'storeIsDown' | 'logAnswers'>;

/** A publisher that notes what it writes, waits, and fails while the log is down. */
function watch(publisher: Publisher, logged: string[], faults: Faults): Publisher {
  return {
    ...publisher,
    async revoke(revocation, options) {
      if (faults.logIsDown) throw new LogError('unavailable', 'the log is down');
      await faults.logAnswers;
      const published = await publisher.revoke(revocation, options);
      const { issuer: _issuer, reason: _reason, ...rest } = revocation;
      logged.push(Object.keys(rest).find((name) => names.includes(name)) ?? 'other');
      return published;
    },
  };
}

/** A store that can be down. Adds `noted` to the writes of the library, in their order. */
function failing({ outbox }: LifecycleStore, faults: Faults, writes: string[]): LifecycleStore {
  return {
    outbox: new Proxy(outbox, {
      get(target, name) {
        if ((name === 'add' || name === 'read') && faults.storeIsDown)
          throw new StoreError('store_unavailable', 'the store is down');
        if (name === 'add') {
          return async (...about: Parameters<LifecycleStore['outbox']['add']>) => {
            const addedIn = await target.add(...about);
            writes.push('noted');
            return addedIn;
          };
        }
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    }),
  };
}

const names = ['token', 'session', 'grant', 'subject', 'client', 'key'];

function configurationOf(key: object): object {
  return {
    jwks: { keys: [key] },
    cookies: { keys: ['a secret for tests'] },
    clients: ['shop', 'admin'].map((id) => ({
      client_id: id,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
      id_token_signed_response_alg: 'ES256',
    })),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', 'offline_access'],
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    loadExistingGrant,
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'orders',
          audience: resource,
          accessTokenTTL: 900,
          accessTokenFormat: resource === opaqueAudience ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'ES256', kid: 'k1' } },
        }),
      },
    },
    ttl: {
      AccessToken: 900,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 900,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  };
}

interface GrantContext {
  readonly oidc: {
    readonly provider: Provider;
    readonly session: { readonly accountId: string; grantIdFor(client: string): string | undefined };
    readonly client: { readonly clientId: string };
  };
}

/** As the library by default, and consents to everything for a new grant. */
async function loadExistingGrant({ oidc: { provider, session, client } }: GrantContext): Promise<unknown> {
  const known = session.grantIdFor(client.clientId);
  const existing = known === undefined ? undefined : await provider.Grant.find(known);
  if (existing !== undefined) return existing;
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(audience, 'orders');
  grant.addResourceScope(opaqueAudience, 'orders');
  await grant.save();
  return grant;
}

function createApp(provider: Provider): RequestListener {
  const app = express();
  app.get('/interaction/:uid', async (request, response) => {
    const { params } = await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, {
      login: { accountId: String(params['login_hint']) },
      consent: {},
    });
  });
  app.use(provider.callback());
  return app;
}

function publicPart({ d: _private, ...key }: Record<string, unknown>): Record<string, unknown> {
  return key;
}

interface Listening {
  readonly issuer: string;
  close(): Promise<void>;
}

async function listen(handle: RequestListener): Promise<Listening> {
  const server: Server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    issuer: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
