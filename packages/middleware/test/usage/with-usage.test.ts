import { createServer } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { disposable, type UsageReport } from '@revocast/denylist/replica';
import { createSigner, type Signer } from '@revocast/test-support';
import express from 'express';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { requireAnyScope, requireScope } from '../../src/express/guards.ts';
import { protect } from '../../src/express/protect.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import type { Place, SuspiciousUse, UsageOptions } from '../../src/options/usage-options.ts';
import type { RequestWithHeaders } from '../../src/token/bearer.ts';
import { usageReportMs } from '../../src/usage/usage-reporter.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';

let signer: Signer;
let dependencies: TestDependencies;
let registry: Registry;
let reports: UsageReport[];
let closedStores: number;
const opened: Verifier[] = [];

beforeAll(async () => {
  signer = await createSigner({ nowMs: () => testDependencies().clock.wallMs() });
});

beforeEach(() => {
  registry = new Registry();
  reports = [];
  closedStores = 0;
  const plain = testDependencies();
  const store = disposable({
    add: async (report: UsageReport) => void reports.push(report),
    close() {
      closedStores += 1;
    },
  });
  dependencies = { ...plain, openUsageStore: async () => store };
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

function start(usage: UsageOptions | null, options: Partial<VerifierOptions> = {}): Verifier {
  const { issuer, jwks } = signer;
  const verifier = composeVerifier(
    {
      issuer,
      jwks,
      audience: 'https://api.test',
      logger: null,
      metrics: { registry },
      // No sidecar runs: reports and figures must not depend on it.
      revocation: { feed: 'http://127.0.0.1:1', whenUnknown: 'accept' },
      clientClasses: { browser: ['spa'], batch: ['cron'] },
      usage,
      ...options,
    },
    dependencies,
  );
  opened.push(verifier);
  return verifier;
}

/** Series above 0, without prefix, the age left out. */
async function figures(): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines
    .filter((line) => /^revocast_(usage|suspicious)_/.test(line) && !line.endsWith(' 0'))
    .map((line) => line.slice('revocast_'.length));
}

async function use(verifier: Verifier, claims: Readonly<Record<string, unknown>> = {}, times = 1): Promise<string> {
  const token = await signer.sign(claims);
  for (let time = 0; time < times; time += 1) await show(verifier, token);
  return token;
}

async function show(verifier: Verifier, token: string, more: object = {}): Promise<void> {
  const decision = await verifier.verify({ headers: { authorization: `Bearer ${token}` }, ...more });
  expect(decision.outcome).toBe('accepted');
}

describe('a verifier', () => {
  it('is closed by what `await using` calls', async () => {
    const verifier = start({ scopes: ['orders:read'] });
    await use(verifier);
    await verifier[Symbol.asyncDispose]();
    expect(closedStores).toBe(1);
  });
});

describe('accepted requests', () => {
  it('are counted by class of the client and by configured scope', async () => {
    const verifier = start({ scopes: ['orders:read', 'orders:write'] });
    await use(verifier, { client_id: 'spa', scope: 'orders:read email profile' }, 3);
    await use(verifier, { client_id: 'cron', scope: 'orders:read orders:write' });
    await use(verifier, { client_id: 'another', scope: '' });
    await verifier.verify({ headers: { authorization: 'Bearer nonsense' } });
    expect(await figures()).toEqual([
      'usage_requests_total{client_class="browser"} 3',
      'usage_requests_total{client_class="batch"} 1',
      'usage_requests_total{client_class="other"} 1',
      'usage_scope_requests_total{scope="orders:read",use="granted"} 4',
      'usage_scope_requests_total{scope="orders:write",use="granted"} 1',
      'usage_scope_requests_total{scope="other",use="granted"} 3',
    ]);
  });

  it('are counted by the age of their tokens', async () => {
    const verifier = start({});
    const token = await use(verifier);
    await dependencies.clock.advance(120_000);
    await show(verifier, token);
    const text = await registry.metrics();
    expect(text).toContain('revocast_token_age_at_use_seconds_bucket{le="60"} 1');
    expect(text).toContain('revocast_token_age_at_use_seconds_bucket{le="180"} 2');
  });

  it('are counted in series that depend only on the configuration, and that exist from the start', async () => {
    const verifier = start({ scopes: ['orders:read'] });
    const names = async () => (await registry.metrics()).match(/^revocast_\w+(\{.*\})?/gm);
    const before = await names();
    expect(before).toContain('revocast_usage_scope_requests_total{scope="orders:read",use="used"}');
    for (let index = 0; index < 20; index += 1) {
      const name = `random-${index}`;
      await use(verifier, { sub: name, client_id: name, scope: name, sid: name });
    }
    expect(await names()).toEqual(before);
  });

  it('are not counted by default', async () => {
    await use(start(null));
    await dependencies.clock.advance(usageReportMs);
    expect([await figures(), reports]).toEqual([[], []]);
  });

  it('are counted without a registry, by reports only', async () => {
    const verifier = start({}, { metrics: undefined } as object);
    await use(verifier);
    await dependencies.clock.advance(usageReportMs);
    expect(reports).toHaveLength(1);
  });
});

describe('behind protect', () => {
  async function app(usage: UsageOptions) {
    const verifier = start(usage);
    const served = express();
    served.use(protect(verifier));
    served.get('/both', protect(verifier), requireScope('read', 'write'), (_request, response) => void response.end());
    served.get('/any', requireAnyScope('read', 'write'), (_request, response) => void response.end());
    served.get('/unlisted', requireScope('email'), (_request, response) => void response.end());
    const server = createServer(served);
    return async (path: string, scope: string) =>
      (
        await supertest(server)
          .get(path)
          .set('authorization', `Bearer ${await signer.sign({ scope })}`)
      ).status;
  }
  const used = async () => (await figures()).filter((line) => line.includes('use="used"'));

  it('scopes are used when a guard that let the request pass required them, and the token has them', async () => {
    const ask = await app({ scopes: ['read', 'write'] });
    expect(await ask('/both', 'read write email')).toBe(200);
    expect(await ask('/any', 'read')).toBe(200);
    expect(await ask('/unlisted', 'email')).toBe(200);
    expect(await ask('/both', 'read')).toBe(403);
    expect(await used()).toEqual([
      'usage_scope_requests_total{scope="read",use="used"} 2',
      'usage_scope_requests_total{scope="write",use="used"} 1',
      'usage_scope_requests_total{scope="other",use="used"} 1',
    ]);
  });

  it('a request that is protected twice counts once', async () => {
    const ask = await app({ scopes: ['read'] });
    await ask('/both', 'read write');
    expect(await figures()).toContain('usage_scope_requests_total{scope="read",use="granted"} 1');
  });
});

describe('several verifiers of one process', () => {
  const clientClasses = { browser: ['spa'] };
  const requestsCounted = async (first: UsageOptions, second: UsageOptions) => {
    const [outer, inner] = [first, second].map((usage) => start(usage, { clientClasses }));
    const served = express();
    served.use(protect(outer!), protect(inner!), (_request, response) => void response.end());
    const token = await signer.sign({ client_id: 'spa' });
    await supertest(createServer(served)).get('/').set('authorization', `Bearer ${token}`).expect(200);
    return (await figures()).find((line) => line.startsWith('usage_requests_total'));
  };

  it('that share the objects count a request once', async () => {
    const usage = {};
    expect(await requestsCounted(usage, usage)).toBe('usage_requests_total{client_class="browser"} 1');
  });

  it('that have equal objects count it each', async () => {
    expect(await requestsCounted({}, {})).toBe('usage_requests_total{client_class="browser"} 2');
  });
});

describe('a report', () => {
  it('contains digests of subjects and tokens, each once, and no claim', async () => {
    const verifier = start({});
    const alice = { sub: 'alice@example.com', client_id: 'spa' };
    await use(verifier, { ...alice, jti: 'token-number-1' }, 5);
    await use(verifier, { ...alice, jti: 'token-number-2' });
    await use(verifier, { sub: 'bob@example.com', client_id: 'cron', jti: 'token-number-3' });
    await dependencies.clock.advance(usageReportMs);
    const digest = expect.stringMatching(/^[\w-]{22}$/);
    expect(reports).toEqual([{ subjects: [digest, digest], tokens: { browser: [digest, digest], batch: [digest] } }]);
    expect(JSON.stringify(reports)).not.toMatch(/alice|bob|token-number|spa|cron/);
    expect(await figures()).toContain('usage_reports_total{result="sent"} 1');
  });

  it('is shared by verifiers that follow one sidecar', async () => {
    const usage = {};
    const clientClasses = { browser: ['spa'] };
    const verifiers = [start(usage, { clientClasses }), start(usage, { clientClasses })];
    for (const verifier of verifiers) await use(verifier, { jti: 'one', sub: 'alice' });
    await dependencies.clock.advance(usageReportMs);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.tokens['other']).toHaveLength(1);
    expect(await figures()).toContain('usage_reports_total{result="sent"} 1');
  });

  it.each<[string, NonNullable<VerifierOptions['revocation']> | null]>([
    [
      'a feed that was handed in',
      { feed: { name: 'unreachable', connect: () => Promise.reject(new Error('unreachable')) }, whenUnknown: 'accept' },
    ],
    ['no revocation', null],
  ])('is not sent with %s, and the rest is counted', async (_feed, revocation) => {
    await use(start({}, { revocation }), { client_id: 'spa' });
    await dependencies.clock.advance(usageReportMs);
    expect([reports, await figures()]).toEqual([[], ['usage_requests_total{client_class="browser"} 1']]);
  });
});

describe('a token in a place far from its last one', () => {
  const london = { latitude: 51.5, longitude: -0.1 };
  const newYork = { latitude: 40.7, longitude: -74 };
  const from = (place: unknown) => ({ place });
  const locating = (uses: SuspiciousUse[]): UsageOptions => ({
    locate: (request: RequestWithHeaders & { readonly place?: Place }) => request.place,
    onSuspiciousUse: (use) => void uses.push(use),
  });

  it('is passed to the hook with distance, time and a digest, counted, and accepted', async () => {
    const uses: SuspiciousUse[] = [];
    const verifier = start(locating(uses));
    const [first, second] = [await signer.sign({ sid: 's', jti: 'a' }), await signer.sign({ sid: 's', jti: 'b' })];
    await show(verifier, first, from(london));
    await dependencies.clock.advance(60_000);
    await show(verifier, second, from(newYork));
    expect(uses).toEqual([
      {
        event: 'suspicious_use',
        dimension: 'session',
        digest: expect.stringMatching(/^[0-9a-f]{8}$/),
        distanceKm: expect.closeTo(5570, -2),
        elapsedMs: 60_000,
        atMs: dependencies.clock.wallMs(),
      },
    ]);
    expect(await figures()).toContain('suspicious_uses_total 1');
  });

  it('is identified by the token where it has no session', async () => {
    const uses: SuspiciousUse[] = [];
    const verifier = start(locating(uses));
    const [first, second] = [await signer.sign({ jti: 'a' }), await signer.sign({ jti: 'b' })];
    await show(verifier, first, from(london));
    await show(verifier, second, from(newYork));
    expect(uses).toEqual([]);
    await show(verifier, first, from(newYork));
    expect(uses.map(({ dimension }) => dimension)).toEqual(['token']);
  });

  it.each<[string, unknown]>([
    ['none', undefined],
    ['the same', london],
  ])('is not suspicious where the place is %s', async (_name, second) => {
    const uses: SuspiciousUse[] = [];
    const verifier = start(locating(uses));
    const token = await signer.sign();
    await show(verifier, token, from(london));
    await show(verifier, token, from(second));
    expect([uses, (await figures()).filter((line) => line.includes('hook'))]).toEqual([[], []]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['returns a promise', () => Promise.reject(new Error('no database'))],
    ['returns a place that throws', () => Object.defineProperty({}, 'latitude', { get: () => JSON.parse('{') })],
    ['returns something else', () => 'London'],
  ])('is accepted, and the failure counted, when the hook %s', async (_how, locate) => {
    const verifier = start({ locate: locate as never });
    await use(verifier, {}, 2);
    expect(await figures()).toContain('usage_hook_failures_total{hook="locate"} 2');
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no pager');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no pager'))],
  ])('is accepted, and the failure counted, when onSuspiciousUse %s', async (_how, onSuspiciousUse) => {
    const verifier = start({ ...locating([]), onSuspiciousUse: onSuspiciousUse as never });
    const token = await signer.sign();
    await show(verifier, token, from(london));
    await show(verifier, token, from(newYork));
    await dependencies.clock.advance(0);
    const expected = ['usage_hook_failures_total{hook="on_suspicious_use"} 1', 'suspicious_uses_total 1'];
    expect(await figures()).toEqual(expect.arrayContaining(expected));
  });
});

describe('the option', () => {
  it.each<[string, unknown]>([
    ['usage', 'on'],
    ['usage.scope', { scope: [] }],
    ['usage.scopes', { scopes: ['a b'] }],
    ['usage.scopes', { scopes: Array.from({ length: 101 }, (_, at) => `s${at}`) }],
    ['usage.locate', { locate: {} }],
    ['usage.onSuspiciousUse', { onSuspiciousUse: 'log' }],
  ])('rejects an invalid %s', (option, usage) => {
    expect(() => start(usage as UsageOptions)).toThrow(option);
  });
});
