import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSigner, type Signer } from '@revocast/test-support';
import { Registry } from 'prom-client';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';

let dependencies: TestDependencies;
let feed: FakeFeed;
let registry: Registry;
let signer: Signer;
let verifier: Verifier;

beforeEach(async () => {
  dependencies = testDependencies();
  feed = new FakeFeed(dependencies.clock);
  registry = new Registry();
  signer = await createSigner({ nowMs: () => dependencies.clock.wallMs() });
  await start({});
});

afterEach(() => verifier.close());

async function start(revocation: NonNullable<VerifierOptions['revocation']>): Promise<void> {
  const { issuer, jwks } = signer;
  verifier = composeVerifier(
    {
      issuer,
      audience: 'https://api.test',
      jwks: jwks as NonNullable<VerifierOptions['jwks']>,
      logger: null,
      metrics: { registry },
      revocation: { feed, ...revocation },
    },
    dependencies,
  );
  await dependencies.clock.advance(0);
}

async function outcomeOf(token: string): Promise<string> {
  return (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).outcome;
}

async function series(name: string): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(`revocast_${name}`));
  const pairs = lines.map((line) => line.split(/ (?=\S+$)/));
  return Object.fromEntries(pairs.map(([key = '', value]) => [key.slice('revocast_'.length), Number(value)]));
}

const session = (value: string) => ({ dimension: 'session', issuer: signer.issuer, value }) as const;
const revokedAt = (atMs: number, loggedAtMs = atMs) => ({
  loggedAtMs,
  details: { id: `at-${atMs}`, kind: 'revoke', dimension: 'session', requestedAtMs: atMs } as const,
});

describe('a request with a revoked token', () => {
  it('is exposed when it was accepted before the revocation arrived', async () => {
    const token = await signer.sign({ sid: 's' });
    expect(await outcomeOf(token)).toBe('accepted');
    await dependencies.clock.advance(40);
    const revokedAtMs = dependencies.clock.wallMs();
    await dependencies.clock.advance(30);
    expect(await outcomeOf(token)).toBe('accepted');
    await dependencies.clock.advance(20);
    feed.deny(session('s'), revokedAt(revokedAtMs, revokedAtMs + 10));
    await dependencies.clock.advance(0);

    expect(await outcomeOf(token)).toBe('rejected');
    expect(await series('revocation_exposed_requests_total{dimension="session"}')).toEqual({
      'revocation_exposed_requests_total{dimension="session"}': 1,
    });
    expect(await series('revocation_exposure_seconds_sum')).toEqual({ revocation_exposure_seconds_sum: 0.03 });
    expect(Object.values(await series('revocation_leaked'))).not.toContain(1);
    // 50 ms in all: 10 to be logged, 40 to arrive; the first process of a host receives when it applies.
    expect(await series('revocation_latency_seconds_sum')).toEqual({ revocation_latency_seconds_sum: 0.05 });
    expect(await series('revocation_stage_seconds_sum')).toEqual({
      'revocation_stage_seconds_sum{stage="publish"}': 0.01,
      'revocation_stage_seconds_sum{stage="deliver"}': 0.04,
      'revocation_stage_seconds_sum{stage="apply"}': 0,
    });
  });

  it.each([
    ['at the bound', 5000, { exposed: 1, leaked: 0 }],
    ['past the bound', 5001, { exposed: 0, leaked: 1 }],
  ])('is counted correctly when accepted %s by a process that is fresh', async (_name, afterMs, expected) => {
    const token = await signer.sign({ sid: 's' });
    const revokedAtMs = dependencies.clock.wallMs();
    // A faulty feed: its heartbeats prove completeness, and one revocation is missing.
    await dependencies.clock.advance(afterMs);
    expect(await outcomeOf(token)).toBe('accepted');
    await dependencies.clock.advance(10);
    feed.deny(session('s'), revokedAt(revokedAtMs));
    await dependencies.clock.advance(0);

    const name = 'requests_total{dimension="session"}';
    expect(await series(`revocation_exposed_${name}`)).toEqual({ [`revocation_exposed_${name}`]: expected.exposed });
    expect(await series(`revocation_leaked_${name}`)).toEqual({ [`revocation_leaked_${name}`]: expected.leaked });
  });

  it('is exposed and not leaked when its verdict was unknown', async () => {
    await verifier.close();
    registry = new Registry();
    await start({ whenUnknown: 'accept' });
    const token = await signer.sign({ sid: 's' });
    const revokedAtMs = dependencies.clock.wallMs();
    feed.silence();
    await dependencies.clock.advance(6000);
    expect(await outcomeOf(token)).toBe('accepted');
    feed.beat();
    feed.deny(session('s'), revokedAt(revokedAtMs));
    await dependencies.clock.advance(0);

    expect(await series('fail_open_accepts_total')).toEqual({ fail_open_accepts_total: 1 });
    const name = 'requests_total{dimension="session"}';
    expect(await series(`revocation_exposed_${name}`)).toEqual({ [`revocation_exposed_${name}`]: 1 });
    expect(await series(`revocation_leaked_${name}`)).toEqual({ [`revocation_leaked_${name}`]: 0 });
    // It arrived late because of the outage. The whole latency counts.
    expect(await series('revocation_latency_seconds_sum')).toEqual({ revocation_latency_seconds_sum: 6 });
  });

  it('is not counted when it was rejected, or when the token is not covered', async () => {
    const revokedAtMs = dependencies.clock.wallMs();
    expect(await outcomeOf('nonsense')).toBe('rejected');
    expect(await outcomeOf(await signer.sign({ sid: 'another' }))).toBe('accepted');
    feed.deny(session('s'), revokedAt(revokedAtMs));
    await dependencies.clock.advance(0);
    expect(await series('revocation_exposure_seconds_count')).toEqual({ revocation_exposure_seconds_count: 0 });
  });
});

describe('heartbeats', () => {
  it('are counted as canaries while they arrive', async () => {
    await dependencies.clock.advance(10_000);
    const { canary_latency_seconds_count: count = 0 } = await series('canary_latency_seconds_count');
    expect(count).toBeGreaterThan(15);
    feed.silence();
    await dependencies.clock.advance(1000);
    const silent = await series('canary_latency_seconds_count');
    await dependencies.clock.advance(10_000);
    expect(await series('canary_latency_seconds_count')).toEqual(silent);
    expect(await series('feed_not_fresh_seconds_total')).toEqual({
      feed_not_fresh_seconds_total: expect.closeTo(6, 0),
    });
  });
});
