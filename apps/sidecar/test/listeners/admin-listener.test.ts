import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { ProbeAnswer } from '../../src/health/probes.ts';
import { adminRoutes, createAdminListener } from '../../src/listeners/admin-listener.ts';

const anywhere: ListenAddress = { kind: 'tcp', host: '0.0.0.0', port: 0 };
const loopback: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

function createApp({
  ready = { ok: true, check: 'freshness', ageMs: 3 } as ProbeAnswer,
  metrics = 'a 1\n',
  address = anywhere,
} = {}) {
  return createAdminListener({
    address,
    allowedHosts: ['Admin.example'],
    probes: {
      startup: () => ({ ok: false, check: 'first_snapshot', remedy: 'wait' }),
      ready: () => ready,
      live: () => ({ ok: true, check: 'event_loop', ageMs: 1 }),
    },
    metrics: {
      contentType: 'text/plain; version=0.0.4',
      metrics: async () => {
        if (metrics === 'broken') throw new Error('secret of an internal');
        return metrics;
      },
    },
    version: { version: '1.2.3', node: 'v20' },
  });
}

describe('the admin listener', () => {
  it('answers a probe with its JSON: 200 if ok, else 503', async () => {
    const app = createApp();
    await request(app).get('/readyz').expect(200, { ok: true, check: 'freshness', ageMs: 3 });
    await request(app).get('/livez').expect(200);
    await request(app).get('/startupz').expect(503, { ok: false, check: 'first_snapshot', remedy: 'wait' });
    await request(app).head('/startupz').expect(503);
  });

  it('serves metrics with their content type, and the version', async () => {
    const app = createApp();
    await request(app).get('/metrics').expect('Content-Type', 'text/plain; version=0.0.4').expect(200, 'a 1\n');
    await request(app).get('/version').expect(200, { version: '1.2.3', node: 'v20' });
  });

  it.each(['post', 'put', 'patch', 'delete'] as const)('rejects the method %s on every path', async (method) => {
    for (const route of [...adminRoutes, '/v1/revocations']) {
      await request(createApp())[method](route).expect(405).expect('Allow', 'GET, HEAD');
    }
  });

  it('lists its routes, and serves each of them', async () => {
    const { body } = await request(createApp()).get('/').expect(200);
    expect(body).toEqual({ routes: adminRoutes });
    for (const route of adminRoutes) {
      expect((await request(createApp()).get(route)).status).not.toBe(404);
    }
  });

  it('reads the path of a whole URL, and ignores the query', async () => {
    const server = createServer(createApp()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const path of [`http://127.0.0.1:${port}/livez?now`, '/livez?now']) {
      const [response] = await once(get({ port, path, agent: false }), 'response');
      expect(response.statusCode).toBe(200);
      response.resume();
    }
    server.close();
  });

  it('serves nothing of the feed', async () => {
    for (const path of ['/v1/snapshot', '/v1/events', '/console']) await request(createApp()).get(path).expect(404);
  });

  it('forbids caching, names no server, and shows no internal error', async () => {
    const response = await request(createApp()).get('/readyz');
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['x-powered-by']).toBeUndefined();
    await request(createApp({ metrics: 'broken' }))
      .get('/metrics')
      .expect(500, { error: 'internal_error' });
  });

  it.each([
    'localhost:7472',
    '10.1.2.3:7472',
    '[fd00::1]:7472',
    'revocast-sidecar:7472',
    'api_1',
    'sidecar.prod.svc:7472',
    'sidecar.prod.svc.cluster.local.:7472',
    'metrics.internal',
    'admin.example',
  ])('accepts the Host %s', async (host) => {
    await request(createApp()).get('/livez').set('Host', host).expect(200);
  });

  it.each(['evil.example', 'evil.example:7472', 'svc.evil.example', 'evil.svc.example', '.svc', 'a:b:c', '@'])(
    'rejects the Host %s, which a foreign page could use',
    async (host) => {
      await request(createApp()).get('/metrics').set('Host', host).expect(421);
    },
  );

  it('accepts on loopback the names of this host only', async () => {
    const app = createApp({ address: loopback });
    await request(app).get('/livez').set('Host', 'localhost:7472').expect(200);
    for (const host of ['10.1.2.3', 'sidecar', 'sidecar.prod.svc']) {
      await request(app).get('/livez').set('Host', host).expect(421);
    }
  });

  it('rejects requests of other web pages', async () => {
    const app = createApp();
    await request(app).get('/metrics').set('Origin', 'https://evil.example').expect(403, { error: 'origin_refused' });
    for (const site of ['cross-site', 'same-site']) {
      await request(app).get('/metrics').set('Sec-Fetch-Site', site).expect(403, { error: 'cross_site_refused' });
    }
    await request(app).get('/metrics').set('Sec-Fetch-Site', 'none').expect(200);
  });
});
