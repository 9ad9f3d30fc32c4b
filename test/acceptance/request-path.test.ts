import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createVerifier, protect, type Verifier } from '@revocast/middleware';
import {
  freePort,
  type RedisServer,
  type Supervised,
  startRedis,
  startTcpProxy,
  startTestIssuer,
  supervise,
  type TcpProxy,
  type TestIssuer,
  until,
} from '@revocast/test-support';
import express from 'express';
import { Redis } from 'ioredis';

jest.setTimeout(60_000);

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const sidecarMain = join(root, 'apps/sidecar/dist/main.cjs');

/** `GET / HTTP/1.1` and a `Host`. What passes besides is a report a second, for all requests together. */
const shortestRequestBytes = 40;

/** Redis, a sidecar in a process of its own, a proxy that counts what passes between it and the API, and the API. */
describe('given an API beside a real sidecar on a real Redis', () => {
  let redis: RedisServer;
  let admin: Redis;
  let issuer: TestIssuer;
  let sidecar: Supervised;
  let wire: TcpProxy;
  let lookUps: TcpProxy;
  let verifier: Verifier;
  let api: Server;
  let apiUrl: string;
  let publisher: Publisher;
  let sid = 0;

  const get = async (token: string) => (await fetch(apiUrl, { headers: { authorization: `Bearer ${token}` } })).status;
  const mint = async () => {
    sid += 1;
    const session = `session-${sid}`;
    return { session, token: await issuer.sign({ sid: session }) };
  };

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    issuer = await startTestIssuer();
    const [dataPort, adminPort] = [await freePort(), await freePort()];
    const start = (...args: string[]) => [`--source=${redis.url}`, ...args];
    const init = await supervise({ name: 'init', script: sidecarMain, args: ['init', ...start()], ready: () => true });
    await until(() => init.pid === undefined, { what: 'init to end' });
    sidecar = await supervise({
      name: 'sidecar',
      script: sidecarMain,
      args: start(`--data-listen=127.0.0.1:${dataPort}`, `--admin-listen=127.0.0.1:${adminPort}`, '--drain-ms=0'),
      ready: { url: `http://127.0.0.1:${adminPort}/readyz` },
      readyTimeoutMs: 20_000,
      restart: true,
    });
    wire = await startTcpProxy({ target: { host: '127.0.0.1', port: dataPort } });
    lookUps = await startTcpProxy({ target: { host: '127.0.0.1', port: redis.port } });
    verifier = createVerifier({
      issuer: issuer.issuer,
      audience: 'https://api.test',
      dangerouslyAllowHttp: true,
      logger: null,
      revocation: {
        feed: `http://127.0.0.1:${wire.port}`,
        lookup: `redis://127.0.0.1:${lookUps.port}`,
      },
    });
    const app = express();
    app.use(protect(verifier), (_req, res) => {
      res.send('ok');
    });
    api = createServer(app);
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`; // listening on TCP: never a string or null
    publisher = await createPublisher(redis.url);
    expect(await verifier.ready({ timeoutMs: 10_000 })).toBe(true);
  });

  afterAll(async () => {
    await publisher?.close();
    await verifier?.close();
    api?.close();
    api?.closeAllConnections();
    await sidecar?.stop();
    await wire?.close();
    await lookUps?.close();
    await issuer?.close();
    admin?.disconnect();
    await redis?.stop();
  });

  const callsOf = async (command: string) => {
    const stats = await admin.info('commandstats');
    return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
  };

  it('answers a thousand requests, cached and new tokens, without a Redis command or an HTTP request', async () => {
    const { token: warm } = await mint();
    expect(await get(warm)).toBe(200);
    const before = {
      lookUps: await callsOf('hmget'),
      toRedis: lookUps.accepted,
      bytesToRedis: lookUps.bytesUp,
      toSidecar: wire.accepted,
      bytesToSidecar: wire.bytesUp,
      keyFetches: issuer.requests.all.length,
    };
    let askedRequests = 0;
    for (let round = 0; round < 10; round++) {
      const tokens = await Promise.all(Array.from({ length: 10 }, async () => (await mint()).token));
      const asked = [...tokens, ...Array.from({ length: 90 }, () => warm)];
      expect(new Set(await Promise.all(asked.map(get)))).toEqual(new Set([200]));
      askedRequests += asked.length;
    }
    // Scripts call HMGET too, twice a second; the look-up would have called it twice a request.
    expect((await callsOf('hmget')) - before.lookUps).toBeLessThan(100);
    expect(lookUps.accepted - before.toRedis).toBe(0);
    expect(wire.accepted - before.toSidecar).toBe(0);
    // A connection that was open before would show nothing above; these count what passes on it.
    expect(lookUps.bytesUp - before.bytesToRedis).toBe(0);
    expect((wire.bytesUp - before.bytesToSidecar) / askedRequests).toBeLessThan(shortestRequestBytes);
    expect(issuer.requests.all.length - before.keyFetches).toBe(0);
  });

  it('enforces everywhere what it acknowledged, and says so', async () => {
    const { session, token } = await mint();
    expect(await get(token)).toBe(200);
    const revocation = await publisher.revoke({ issuer: issuer.issuer, session, reason: 'logout' });
    await expect(revocation.enforcedEverywhere({ timeoutMs: 20_000 })).resolves.toMatchObject({
      everywhere: true,
      enforced: 1,
      expected: 1,
    });
    expect(await get(token)).toBe(401);
  });

  it('accepts no revoked token while its sidecar is killed and comes back, and becomes stale for nobody', async () => {
    const statuses: number[] = [];
    const askedRedis = lookUps.bytesUp;
    const live = await mint();
    const revoked = await mint();
    expect(await get(revoked.token)).toBe(200);
    await publisher.revoke({ issuer: issuer.issuer, session: revoked.session, reason: 'logout' });
    await until(async () => (await get(revoked.token)) === 401, { what: 'the revocation', everyMs: 1 });
    let running = true;
    const load = (async () => {
      while (running) {
        const [good, dead] = await Promise.all([get(live.token), get(revoked.token)]);
        statuses.push(good);
        expect(dead).toBe(401);
      }
    })();
    await sidecar.kill('SIGKILL');
    const during = await mint();
    await publisher.revoke({ issuer: issuer.issuer, session: during.session, reason: 'logout' });
    await sidecar.whenReady(20_000);
    await until(async () => (await get(during.token)) === 401, {
      what: 'what was revoked meanwhile',
      timeoutMs: 10_000,
    });
    running = false;
    await load;
    expect(statuses.length).toBeGreaterThan(10);
    expect(new Set(statuses)).toEqual(new Set([200]));
    // Who is stale asks Redis before accepting.
    expect(lookUps.bytesUp - askedRedis).toBe(0);
    expect(verifier.status().revocation?.replica?.freshness.state).toBe('fresh');
  });

  it('says 503 with Retry-After, and no challenge, when sidecar and Redis are gone; and recovers alone', async () => {
    const { session, token } = await mint();
    const { token: known } = await mint().then(async (revoked) => {
      await publisher.revoke({ issuer: issuer.issuer, session: revoked.session, reason: 'logout' });
      await until(async () => (await get(revoked.token)) === 401, { what: 'the revocation' });
      return revoked;
    });
    wire.refuse(true);
    wire.reset();
    lookUps.refuse(true);
    lookUps.reset();
    await until(async () => (await get(token)) === 503, { what: 'the proof to run out', timeoutMs: 15_000 });
    const answer = await fetch(apiUrl, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(await get(known)).toBe(401);
    lookUps.refuse(false);
    await until(async () => (await get(token)) === 200, { what: 'the look-up to answer', timeoutMs: 10_000 });
    wire.refuse(false);
    await until(() => verifier.status().revocation?.replica?.freshness.state === 'fresh', {
      what: 'the feed',
      timeoutMs: 10_000,
    });
    await publisher.revoke({ issuer: issuer.issuer, session, reason: 'logout' });
    await until(async () => (await get(token)) === 401, { what: 'the next revocation' });
  });
});
