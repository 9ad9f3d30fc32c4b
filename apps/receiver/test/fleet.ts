import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openSource } from '@revocast/denylist/replica';
import { protect } from '@revocast/middleware';
import { startSidecar } from '@revocast/sidecar';
import { type RedisServer, startRedis } from '@revocast/test-support';
import express from 'express';

/** Redis, a sidecar that follows it, and an API behind the sidecar: all real. */
export interface Fleet {
  readonly redis: RedisServer;
  /** Starts an API that accepts the tokens of an issuer. @returns a function that resolves to the status of a request. */
  startApi(issuer: { issuer: string; jwks: { keys: readonly object[] }; audience: string }): Promise<Call>;
}

export type Call = (accessToken: string) => Promise<number>;

export async function startFleet(cleanUps: (() => unknown)[]): Promise<Fleet> {
  const redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } });
  cleanUps.push(() => redis.stop());
  // Nothing was ever revoked in a log that was just made; without this it is in recovery for 15 s.
  const source = await openSource(redis.url);
  await source.declareWhole?.();
  await source.close();
  const sidecar = await startSidecar({
    source: redis.url,
    dataListen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    drainMs: 0,
    logLevel: 'silent',
  });
  cleanUps.push(() => sidecar.stop());
  return {
    redis,
    async startApi({ issuer, jwks, audience }) {
      const app = express();
      const handler = protect({
        issuer,
        audience,
        jwks: { keys: jwks.keys },
        logger: null,
        revocation: { feed: sidecar.dataUrl },
      });
      app.get('/orders', handler, (_request, response) => void response.json({ ok: true }));
      const server = createServer(app).listen(0, '127.0.0.1');
      await once(server, 'listening');
      cleanUps.push(() => {
        server.closeAllConnections();
        server.close();
      });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
      return async (accessToken) => {
        const answer = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
        await answer.arrayBuffer();
        return answer.status;
      };
    },
  };
}
