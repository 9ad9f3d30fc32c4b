import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LookUp, Verdict } from '@revocast/denylist/replica';
import { createSigner, type Signer } from '@revocast/test-support';
import { composeVerifier, type Verifier } from '../src/create-verifier.ts';
import type { Decision } from '../src/decision.ts';
import type { VerifierOptions } from '../src/options.ts';
import { FakeFeed } from './fake-feed.ts';
import { type TestWorld, testWorld } from './test-world.ts';

let signer: Signer;
let world: TestWorld;
const opened: Verifier[] = [];

beforeAll(async () => {
  signer = await createSigner({ nowMs: () => world.clock.wallMs() });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

function another(options: Partial<VerifierOptions>): Verifier {
  const { issuer, jwks } = signer;
  const verifier = composeVerifier(
    { issuer, audience: 'https://api.test', jwks, ...options } as VerifierOptions,
    world,
  );
  opened.push(verifier);
  return verifier;
}

const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('given a fresh feed', () => {
  it('accepts a good token, the second time synchronously and without any fetch', async () => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    const verifier = another({ revocation: { feed } });
    await world.clock.advance(0);
    const token = await signer.sign({ sub: 'alice', scope: 'read write' });

    const cold = await verifier.verify(bearing(token));
    const warm = verifier.verify(bearing(token));

    expect(cold).toMatchObject({
      outcome: 'accepted',
      cached: false,
      auth: { subject: 'alice', revocation: 'active' },
    });
    expect(warm).not.toBeInstanceOf(Promise);
    expect(warm).toMatchObject({ outcome: 'accepted', cached: true, auth: { scopes: ['read', 'write'] } });
    expect(world.fetched).toEqual([]);
  });

  it.each([
    ['token', { jti: 'j' }, 'j'],
    ['session', { sid: 's' }, 's'],
    ['grant', { grant_id: 'g' }, 'g'],
    ['subject', { sub: 'u' }, 'u'],
    ['client', { client_id: 'c' }, 'c'],
    ['subject_client', { sub: 'u', client_id: 'c' }, ['u', 'c']],
    ['key', {}, 'key-1'],
    ['issuer', {}, 'https://issuer.test/'],
  ] as const)('rejects a known token in the same tick in which its %s is denied', async (dimension, claims, value) => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    const verifier = another({ revocation: { feed } });
    await world.clock.advance(0);
    const token = await signer.sign(claims);
    expect(await verifier.verify(bearing(token))).toMatchObject({ outcome: 'accepted' });

    feed.deny({ dimension, issuer: signer.issuer, value });
    await world.clock.advance(0);

    expect(verifier.verify(bearing(token))).toMatchObject({ outcome: 'rejected', reason: `revoked_${dimension}` });
  });
});

describe('given a feed that is not fresh', () => {
  const stale = async (options: NonNullable<VerifierOptions['revocation']>) => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    const verifier = another({ revocation: { ...options, feed } });
    await world.clock.advance(0);
    feed.silence();
    await world.clock.advance(6000);
    return { verifier, feed };
  };
  const answering = (verdict: Verdict): LookUp & { asked: number } => ({
    asked: 0,
    async find() {
      this.asked += 1;
      return verdict;
    },
    async close() {},
  });

  it('is unavailable and never unauthorized', async () => {
    const { verifier } = await stale({});
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({
      outcome: 'unavailable',
      reason: 'denylist_unavailable',
    });
  });

  it('still rejects what it knows to be revoked', async () => {
    const { verifier, feed } = await stale({});
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'user-1' });
    await world.clock.advance(0);
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'revoked_subject' });
  });

  it('accepts and says so when the policy is to accept', async () => {
    const { verifier } = await stale({ whenUnknown: 'accept' });
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({
      outcome: 'accepted',
      auth: { revocation: 'unknown' },
    });
  });

  it('lets one call decide otherwise than the verifier', async () => {
    const { verifier } = await stale({ whenUnknown: 'accept' });
    const decision = await verifier.verify(bearing(await signer.sign()), { whenUnknown: 'unavailable' });
    expect(decision.outcome).toBe('unavailable');
  });

  it('asks the log once a second for a token, and believes it', async () => {
    const lookup = answering({ verdict: 'active' });
    const { verifier } = await stale({ lookup });
    const request = bearing(await signer.sign());
    const decisions: Decision[] = [await verifier.verify(request), await verifier.verify(request)];
    expect(decisions).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted', auth: { revocation: 'active' } }]);
    expect(lookup.asked).toBe(1);
    await world.clock.advance(1000);
    await verifier.verify(request);
    expect(lookup.asked).toBe(2);
  });

  it('is unavailable when the log cannot tell either', async () => {
    const { verifier } = await stale({ lookup: answering({ verdict: 'unknown', cause: 'lookup_timeout' }) });
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ outcome: 'unavailable' });
  });

  it('writes one line that says what happens to requests', async () => {
    await stale({});
    expect(world.lines).toEqual(['revocast: feed fake: is fresh']);
    await world.clock.advance(60_000);
    expect(world.lines.at(-1)).toBe('revocast: feed fake: is stale (no_heartbeat): requests are answered 503');
    expect(world.lines).toHaveLength(2);
  });
});
