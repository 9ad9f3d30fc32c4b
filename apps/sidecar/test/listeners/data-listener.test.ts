import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { until } from '@revocast/test-support/until';
import request from 'supertest';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { openCredentials } from '../../src/listeners/credentials.ts';
import { createDataListener } from '../../src/listeners/data-listener.ts';
import { listen } from '../../src/listeners/listen.ts';
import { rereadMs } from '../../src/listeners/token-file.ts';

const secret = 'a-token-of-twenty-one';
const loopback: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };
const anywhere: ListenAddress = { kind: 'tcp', host: '0.0.0.0', port: 0 };
const bounds = { clock: new FakeClock(), maxConnections: 20 };
const reads = ['/v1/snapshot', '/v1/events', '/v1/fresh', '/v1/enforcement'];

interface Given {
  readonly address?: ListenAddress;
  readonly withTokens?: boolean;
  readonly allowedHosts?: readonly string[];
  readonly readers?: number;
}

const cleanUps: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'revocast-data-'));
  cleanUps.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function serve({ address = loopback, withTokens = false, allowedHosts = [], readers = 0 }: Given = {}) {
  const tokenPath = join(folder(), 'token');
  if (withTokens) writeFileSync(tokenPath, secret);
  const clock = new FakeClock();
  const config = { writeTokenFile: withTokens ? tokenPath : undefined };
  const credentials = openCredentials({ config, clock, onLost: () => {} });
  cleanUps.push(() => credentials.close());
  const handled: string[] = [];
  const app = createDataListener({
    address,
    feedServer: {
      handle(received, response) {
        if (received.url?.endsWith('?unknown')) return false;
        handled.push(`${received.method} ${received.url}`);
        response.end('handled');
        return true;
      },
      upgrade(received, socket) {
        handled.push(`UPGRADE ${received.url}`);
        socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        return true;
      },
      clients: () => ({ open: readers }),
    },
    credentials,
    allowedHosts,
    maxReaders: 2,
  });
  const listening = await listen(app, { ...bounds, address, option: 'dataListen' });
  cleanUps.push(() => listening.close());
  return { app: listening.url, url: listening.url.replace('0.0.0.0', '127.0.0.1'), handled, tokenPath, clock };
}

describe('given a data listener on loopback', () => {
  it.each(reads)('serves %s to this host without a token', async (path) => {
    const { url, handled } = await serve();
    await request(url).get(path).expect(200, 'handled');
    expect(handled).toEqual([`GET ${path}`]);
  });

  it.each(['localhost', 'localhost:7471', '127.0.0.1:7471', '127.1.2.3', '[::1]:7471', 'LOCALHOST'])(
    'accepts the Host %s',
    async (host) => {
      await request((await serve()).url)
        .get('/v1/fresh')
        .set('Host', host)
        .expect(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:7471',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
    'a:b:c',
    '@',
  ])('rejects the Host %s, which a foreign page could use', async (host) => {
    const { url, handled } = await serve();
    const response = await request(url).get('/v1/fresh').set('Host', host).expect(421);
    expect(response.body).toMatchObject({ error: 'host_refused', remedy: expect.stringContaining('allowedHosts') });
    expect(handled).toEqual([]);
  });

  it('accepts the names of allowedHosts, in any case and with a port', async () => {
    const { url } = await serve({ allowedHosts: ['Sidecar.Internal'] });
    await request(url).get('/v1/fresh').set('Host', 'sidecar.internal:7471').expect(200);
    await request(url).get('/v1/fresh').set('Host', 'other.internal').expect(421);
  });

  it.each(['http://127.0.0.1:7471', 'https://evil.example', 'null', ''])(
    'rejects a request of a page with the Origin "%s"',
    async (origin) => {
      const { url, handled } = await serve({ withTokens: true });
      await request(url).get('/v1/snapshot').set('Origin', origin).expect(403, { error: 'origin_refused' });
      await request(url)
        .post('/v1/revocations')
        .set('Origin', origin)
        .set('Authorization', `Bearer ${secret}`)
        .expect(403);
      expect(handled).toEqual([]);
    },
  );

  it('accepts a request of its own page, whose Origin is the Host of the request', async () => {
    const { url, handled } = await serve();
    await request(url).get('/console').set('Origin', url).expect(200);
    expect(handled).toEqual(['GET /console']);
  });

  it.each(['/v1/acks', '/v1/usage'])('accepts a POST to %s from this host without a token', async (path) => {
    const { url, handled } = await serve();
    await request(url).post(path).send('{}').expect(200);
    expect(handled).toEqual([`POST ${path}`]);
    await request(url).post(path).set('Origin', 'https://evil.example').send('{}').expect(403);
    await request(url).post(path).set('Host', 'evil.example').send('{}').expect(421);
    expect(handled).toHaveLength(1);
  });

  it('lists its routes with the right that each needs, to whoever may read', async () => {
    const { body } = await request((await serve()).url)
      .get('/')
      .expect(200);
    expect(body).toMatchObject({ console: '/console' });
    expect(body.routes).toEqual(
      expect.arrayContaining(['GET /v1/snapshot (read)', 'POST /v1/revocations (write)', 'GET /console (read)']),
    );
    await request((await serve({ address: anywhere, withTokens: true })).url)
      .get('/')
      .expect(401);
  });

  it('answers 404 for a path that the feed server does not serve', async () => {
    await request((await serve()).url)
      .get('/v1/fresh?unknown')
      .expect(404, { error: 'not_found' });
  });

  it('explains how to allow writing if there is no token file', async () => {
    const { url } = await serve();
    const { body } = await request(url).post('/v1/revocations').send('{}').expect(403);
    expect(body).toEqual({ error: 'writes_off', remedy: 'set writeTokenFile to allow writing' });
  });

  it('accepts a write only with the token', async () => {
    const { url, handled } = await serve({ withTokens: true });
    const bare = await request(url).post('/v1/revocations').send('{}').expect(401);
    expect(bare.headers['www-authenticate']).toMatch(/^Bearer /);
    await request(url).post('/v1/revocations').set('Authorization', 'Bearer wrong-token-of-some-length').expect(401);
    expect(handled).toEqual([]);
    await request(url).post('/v1/revocations').set('Authorization', `Bearer ${secret}`).expect(200);
    expect(handled).toEqual(['POST /v1/revocations']);
  });

  it('answers the target of a revocation to writers only', async () => {
    const { url, handled } = await serve({ withTokens: true });
    await request(url).get('/v1/revocations?id=e1').expect(401);
    await request(url).get('/v1/revocations?id=e1').set('Authorization', `Bearer ${secret}`).expect(200);
    expect(handled).toEqual(['GET /v1/revocations?id=e1']);
  });

  it('applies a token rotation without a restart', async () => {
    const { url, tokenPath, clock } = await serve({ withTokens: true });
    const write = (token: string) => request(url).post('/v1/revocations').set('Authorization', `Bearer ${token}`);
    const answers = async (token: string, status: number) => {
      await clock.advance(rereadMs);
      await until(async () => (await write(token)).status === status, { what: `${status} to ${token}` });
    };
    writeFileSync(tokenPath, `${secret}\nnext-token-of-some-length`);
    await answers('next-token-of-some-length', 200);
    await write(secret).expect(200);
    writeFileSync(tokenPath, 'next-token-of-some-length');
    await answers(secret, 401);
  });

  it.each(['/metrics', '/readyz', '/v1', '/v2/snapshot', '/v1/snapshot/', '/v1/SNAPSHOT', '/v1/acks'])(
    'does not serve GET %s',
    async (path) => {
      const { url, handled } = await serve({ withTokens: true });
      await request(url).get(path).set('Authorization', `Bearer ${secret}`).expect(404);
      expect(handled).toEqual([]);
    },
  );

  it('serves maxReaders readers, and answers 429 to one more', async () => {
    await request((await serve({ readers: 1 })).url)
      .get('/v1/events')
      .expect(200);
    const { url } = await serve({ readers: 2 });
    await request(url).get('/v1/events').expect(429).expect('retry-after', '1');
    await request(url).get('/v1/snapshot').expect(200);
  });
});

describe('given a data listener that other hosts can reach', () => {
  it.each(reads)('requires the token for %s, from this host too', async (path) => {
    const { url } = await serve({ address: anywhere, withTokens: true });
    await request(url).get(path).expect(401);
    await request(url).get(path).set('Authorization', `Bearer ${secret}`).expect(200);
  });

  it('accepts every IP address as Host, which cannot be rebound, and no foreign name', async () => {
    const { url } = await serve({ address: anywhere, withTokens: true });
    const read = (host: string) =>
      request(url).get('/v1/fresh').set('Host', host).set('Authorization', `Bearer ${secret}`);
    await read('10.1.2.3:7471').expect(200);
    await read('[fd00::1]:7471').expect(200);
    await read('evil.example').expect(421);
  });
});

describe('given a data listener on a Unix socket', () => {
  it('serves its group only, with any Host', async () => {
    const path = join(folder(), 'sidecar.sock');
    const { app } = await serve({ address: { kind: 'unix', path } });
    expect(app).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await request(`http+unix://${encodeURIComponent(path)}`)
      .get('/v1/fresh')
      .set('Host', 'sidecar')
      .expect(200);
  });

  it('replaces the socket file of a killed process, but not that of a running one', async () => {
    const path = join(folder(), 'sidecar.sock');
    const options = { ...bounds, address: { kind: 'unix', path }, option: 'dataListen' } as const;
    const living = await listen({ request: (_request, response) => void response.end() }, options);
    await expect(listen({ request: () => undefined }, options)).rejects.toThrow(
      /^dataListen: cannot listen on unix:\S+ \(EADDRINUSE\): another process uses this address\..* --data-listen unix:\/path$/,
    );
    await living.close();
    writeFileSync(path, 'an ordinary file');
    await expect(listen({ request: () => undefined }, options)).rejects.toThrow('EADDRINUSE');
  });
});

describe('listen', () => {
  it('names the option if the port is in use', async () => {
    const { app } = await serve();
    const address = { ...loopback, port: Number(new URL(app).port) };
    await expect(listen({ request: () => undefined }, { ...bounds, address, option: 'adminListen' })).rejects.toThrow(
      /^adminListen: cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\): another process uses this address\..* --admin-listen 127\.0\.0\.1:port$/,
    );
  });

  it('ends open connections on close', async () => {
    const listening = await listen(
      { request: (_request, response) => void response.write('and so on') },
      { ...bounds, address: loopback, option: 'dataListen' },
    );
    const response = await fetch(listening.url);
    await listening.close();
    await expect(response.text()).rejects.toThrow();
  });
});
