import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, until } from '@revocast/test-support';
import express from 'express';
import type { ReplayStore } from '../../src/binding/replay-store.ts';
import type { Decision } from '../../src/decision.ts';
import { requireScope } from '../../src/express/guards.ts';
import { protect } from '../../src/express/protect.ts';
import type { DpopOptions } from '../../src/options/binding-options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { forge, forgeProof, publicJwk, thumbprintOf } from '../forge.ts';
import { reasonOf } from '../table-run.ts';
import { testDependencies } from '../test-dependencies.ts';
import { audience, issuer, nowSeconds, usualClaims } from '../verification-table.ts';

const token = forge({ claims: { cnf: { jkt: thumbprintOf('es') } } }, usualClaims);
const ath = createHash('sha256').update(token).digest('base64url');
const proofFor = (path: string, changes: object = {}) =>
  forgeProof({ claims: { ...changes } }, { htm: 'GET', htu: audience + path, iat: nowSeconds, ath });

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(dpop: Partial<DpopOptions> = {}) {
  const dependencies = testDependencies();
  const verifier: Verifier = composeVerifier(
    {
      issuer,
      audience,
      jwks: { keys: [publicJwk('es')] },
      dpop: { publicOrigin: audience, ...dpop },
      revocation: { feed: new FakeFeed(dependencies.clock) },
      logger: null,
    },
    dependencies,
  );
  closing.push(() => verifier.close());
  await dependencies.clock.advance(0);
  const send = async (proof: string, url = '/') =>
    verifier.verify({ headers: { authorization: `DPoP ${token}`, dpop: proof }, method: 'GET', url });
  return { dependencies, verifier, send };
}

async function serve(verifier: Verifier) {
  const app = express();
  const orders = express.Router();
  orders.get('/', requireScope('orders:read'), (_request, response) => void response.send('orders'));
  orders.get('/free', (_request, response) => void response.send('free'));
  app.use('/orders', protect(verifier), orders);
  return await listen(app);
}

async function listen(app: express.Express) {
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  return (path: string, proof: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `DPoP ${token}`, dpop: proof } });
}

describe('a route that accepts proofs', () => {
  it('requires proofs for the complete path, wherever it is mounted', async () => {
    const { verifier } = await open();
    const get = await serve(verifier);
    expect((await get('/orders/free', proofFor('/orders/free'))).status).toBe(200);
    expect((await get('/orders/free', proofFor('/free'))).status).toBe(401);
  });

  it('names the scheme of the request when a guard rejects', async () => {
    const get = await serve((await open()).verifier);
    const refused = await get('/orders', proofFor('/orders'));
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toMatch(
      /^DPoP error="insufficient_scope", .*scope="orders:read", algs="[^"]+", Bearer$/,
    );
  });
});

describe('a route that requires nonces', () => {
  it('sends a nonce with the rejection, accepts it, and sends the next one in time', async () => {
    const { verifier, dependencies } = await open({ nonces: true, nonceLifetimeMs: 10_000, proofMaxAgeMs: 600_000 });
    const get = await serve(verifier);
    const refused = await get('/orders/free', proofFor('/orders/free'));
    const nonce = refused.headers.get('dpop-nonce') ?? '';
    expect([refused.status, nonce]).toEqual([401, expect.stringMatching(/^\w+\.[\w-]{22}$/)]);
    expect(refused.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce", /);

    const accepted = await get('/orders/free', proofFor('/orders/free', { nonce }));
    expect([accepted.status, accepted.headers.get('dpop-nonce')]).toEqual([200, null]);

    await dependencies.clock.advance(10_000);
    const late = await get('/orders/free', proofFor('/orders/free', { nonce }));
    expect([late.status, late.headers.get('dpop-nonce')]).toEqual([200, expect.stringMatching(/^\w+\.[\w-]{22}$/)]);
    expect(late.headers.get('dpop-nonce')).not.toBe(nonce);

    await dependencies.clock.advance(10_000);
    expect((await get('/orders/free', proofFor('/orders/free', { nonce }))).status).toBe(401);
  });
});

describe('nonces that are asked for again and again', () => {
  it('use up the room of the key that asks', async () => {
    const { send } = await open({ nonces: true, maxReplays: 1000 });
    const reasons = [];
    for (let at = 0; at < 502; at += 1) reasons.push(reasonOf(await send(proofFor('/'))));
    expect(await send(proofFor('/'))).toMatchObject({ outcome: 'unavailable', retryAfterMs: 1000 });
    expect(reasons).toEqual([...Array(500).fill('dpop_nonce'), 'dpop_throttled', 'dpop_throttled']);
  });
});

describe('a used proof', () => {
  it('is rejected for as long as it is valid', async () => {
    const { send, dependencies } = await open({ proofMaxAgeMs: 60_000 });
    const proof = proofFor('/');
    expect(reasonOf(await send(proof))).toBe('none');
    // 60 s, and 5 s of tolerance.
    for (const ms of [0, 1000, 63_000, 1000]) {
      await dependencies.clock.advance(ms);
      expect(reasonOf(await send(proof))).toBe('dpop_replay');
    }
    await dependencies.clock.advance(1000);
    expect(reasonOf(await send(proof))).toBe('dpop_invalid');
  });

  it('is accepted once among concurrent requests', async () => {
    const { send } = await open();
    const proof = proofFor('/');
    const reasons = (await Promise.all(Array.from({ length: 20 }, () => send(proof)))).map(reasonOf);
    expect(reasons.filter((reason) => reason === 'none').length).toBe(1);
    expect(reasons.filter((reason) => reason === 'dpop_replay').length).toBe(19);
  });

  it('may be verified twice within one request: by the app, and by a stricter route', async () => {
    const { verifier } = await open();
    const app = express();
    app.use(protect(verifier));
    app.get('/', protect(verifier, { whenUnknown: 'unavailable' }), (_request, response) => void response.send('ok'));
    const get = await listen(app);
    const proof = proofFor('/');
    expect((await get('/', proof)).status).toBe(200);
    expect((await get('/', proof)).status).toBe(401);
  });

  it('is not used up by a request that was rejected for another reason', async () => {
    const { send } = await open();
    const proof = proofFor('/');
    expect(reasonOf(await send(proof, '/other'))).toBe('dpop_invalid');
    expect(reasonOf(await send(proof))).toBe('none');
  });

  it('is rejected by other processes too when they share a Redis', async () => {
    const redis: RedisServer = await startRedis();
    closing.push(() => redis.stop());
    const [one, other] = [await open({ replays: redis.url }), await open({ replays: redis.url })];
    // The first connection may take longer than a proof may wait.
    await until(async () => reasonOf(await one.send(proofFor('/'))) === 'none', { what: 'Redis' });
    await until(async () => reasonOf(await other.send(proofFor('/'))) === 'none', { what: 'Redis' });
    const proof = proofFor('/');
    expect(reasonOf(await one.send(proof))).toBe('none');
    expect(reasonOf(await other.send(proof))).toBe('dpop_replay');
  });

  it.each([
    [
      'throws',
      'internal_error',
      () => {
        throw new Error('no such table');
      },
    ],
    ['rejects', 'denylist_unavailable', () => Promise.reject(new Error('no such table'))],
    ['never settles', 'denylist_unavailable', () => new Promise(() => {})],
  ] as [string, string, ReplayStore['take']][])(
    'is unavailable with a store of the application that %s: %s',
    async (_what, reason, take) => {
      const { send, dependencies } = await open({ replays: { take, async close() {} } });
      let settled: Decision | undefined;
      void send(proofFor('/')).then((decision) => {
        settled = decision;
      });
      await until(
        async () => {
          await dependencies.clock.advance(1000);
          return settled !== undefined;
        },
        { what: 'an answer' },
      );
      expect(reasonOf(settled!)).toBe(reason);
    },
  );

  it('is answered 503 while Redis is unreachable', async () => {
    const { send } = await open({ replays: 'redis://127.0.0.1:1' });
    expect(reasonOf(await send(proofFor('/')))).toBe('denylist_unavailable');
  });
});
