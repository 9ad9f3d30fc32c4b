import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import type { ProbeAnswer } from '../../src/health/probes.ts';
import { adminRoutes, createAdminListener } from '../../src/listeners/admin-listener.ts';

function createApp({ ready = { ok: true, check: 'freshness', ageMs: 3 } as ProbeAnswer, metrics = 'a 1\n' } = {}) {
  return createAdminListener({
    probes: {
      startup: () => ({ ok: false, check: 'first_snapshot', remedy: 'wait' }),
      ready: () => ready,
      live: () => ({ ok: true, check: 'event_loop', ageMs: 1 }),
      markStopping: () => undefined,
      close: () => undefined,
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

  it('serves nothing of the feed', async () => {
    for (const path of ['/v1/snapshot', '/v1/events', '/console', '/'])
      await request(createApp()).get(path).expect(404);
  });

  it('forbids caching, names no server, and shows no internal error', async () => {
    const response = await request(createApp()).get('/readyz');
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['x-powered-by']).toBeUndefined();
    await request(createApp({ metrics: 'broken' }))
      .get('/metrics')
      .expect(500, { error: 'internal_error' });
  });
});
