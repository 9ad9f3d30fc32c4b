import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { openSource } from '@revocast/denylist/replica';
import {
  createVerifier,
  type Place,
  protect,
  type RequestWithHeaders,
  requireScope,
  type Verifier,
  type VerifierOptions,
} from '@revocast/middleware';
import { type RunningSidecar, startSidecar } from '@revocast/sidecar';
import {
  type RedisServer,
  startRedis,
  startTcpProxy,
  startTestIssuer,
  type TcpProxy,
  type TestIssuer,
} from '@revocast/test-support';
import express from 'express';
import { Registry } from 'prom-client';

export interface ObservedApi {
  readonly url: string;
  readonly verifier: Verifier;
  readonly registry: Registry;
  /** Status of a request with this Authorization field; without one when undefined. */
  ask(authorization: string | undefined, path?: string): Promise<number>;
}

/** Redis, a sidecar, an issuer, and APIs whose link to the sidecar can be broken; everything exports its metrics. */
export interface ObservedWorld {
  readonly redis: RedisServer;
  readonly issuer: TestIssuer;
  readonly sidecar: RunningSidecar;
  /** Between the APIs and the sidecar. */
  readonly link: TcpProxy;
  /** Publishes through the sidecar, so that it is counted there. */
  readonly publisher: Publisher;
  startApi(revocation?: VerifierOptions['revocation']): Promise<ObservedApi>;
  stop(): Promise<void>;
}

export async function startObservedWorld(redisConfig: Readonly<Record<string, string>> = {}): Promise<ObservedWorld> {
  const closers: (() => unknown)[] = [];
  const closing = <Resource>(resource: Resource, close: (resource: Resource) => unknown): Resource => {
    closers.push(() => close(resource));
    return resource;
  };
  const folder = closing(await mkdtemp(join(tmpdir(), 'revocast-observed-')), (path) => rm(path, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'a-token-for-this-test-alone');
  const config = { 'maxmemory-policy': 'noeviction', ...redisConfig };
  const redis = closing(await startRedis({ config }), (server) => server.stop());
  await declareWhole(redis.url);
  const issuer = closing(await startTestIssuer(), (server) => server.close());
  const sidecar = closing(
    await startSidecar({
      source: redis.url,
      dataListen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      writeTokenFile: tokenFile,
      clientClasses: ['browser'],
      drainMs: 0,
      logLevel: 'silent',
    }),
    (running) => running.stop(),
  );
  const { hostname: host, port } = new URL(sidecar.dataUrl);
  const link = closing(await startTcpProxy({ target: { host, port: Number(port) } }), (proxy) => proxy.close());
  const publisher = closing(await createPublisher(sidecar.dataUrl, { tokenFile }), (open) => open.close());

  return {
    redis,
    issuer,
    sidecar,
    link,
    publisher,
    async startApi(revocation = { feed: `http://127.0.0.1:${link.port}` }) {
      const registry = new Registry();
      const verifier = closing(
        createVerifier({
          issuer: issuer.issuer,
          alias: 'idp',
          audience: 'https://api.test',
          dangerouslyAllowHttp: true,
          logger: null,
          metrics: { registry },
          clientClasses: { browser: ['spa'] },
          usage: { scopes: ['orders:read'], locate: placeOf },
          revocation,
        }),
        (open) => open.close(),
      );
      const app = express();
      app.get('/metrics', async (_request, response) => {
        response.type(registry.contentType).send(await registry.metrics());
      });
      app.use(protect(verifier));
      app.get('/', (_request, response) => void response.send('ok'));
      app.get('/orders', requireScope('orders:read'), (_request, response) => void response.send('ok'));
      const server = closing(await listening(createServer(app)), (open) => {
        open.closeAllConnections();
        open.close();
      });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP listener
      const ask = async (authorization: string | undefined, path = '/'): Promise<number> => {
        const response = await fetch(url + path, authorization === undefined ? {} : { headers: { authorization } });
        await response.arrayBuffer();
        return response.status;
      };
      return { url, verifier, registry, ask };
    },
    async stop() {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** Nothing was ever revoked in a log that was just made; everybody else would wait 15 s. */
async function declareWhole(url: string): Promise<void> {
  const source = await openSource(url);
  await source.declareWhole?.();
  await source.close();
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Somewhere else with each path: whoever asks twice is suspicious. */
function placeOf({ originalUrl = '' }: RequestWithHeaders): Place {
  return { latitude: (originalUrl.length % 18) * 10 - 90, longitude: 0 };
}
