import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LookUp, Verdict } from '@revocast/denylist/replica';
import { createSigner, type Signer } from '@revocast/test-support';
import { Registry } from 'prom-client';
import type { Decision } from '../../src/decision.ts';
import { protect } from '../../src/express/protect.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { type TestWorld, testWorld } from '../test-world.ts';

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

describe('given a cutoff', () => {
  it.each([
    [0, 'revoked_subject'],
    [0.5, 'revoked_subject'],
    [1, 'none'],
  ])('covers what was issued in its own second: %d s after it began, %s', async (secondsAfter, reason) => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    const verifier = another({ revocation: { feed } });
    const issuedUpTo = Math.floor(world.clock.wallMs() / 1000);
    const rule = { deniedUntil: 0, issuedUpTo, denialStamp: 0, liftedUpTo: 0 };
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'user-1' }, { rule });
    await world.clock.advance(0);
    const decision = await verifier.verify(bearing(await signer.sign({ iat: issuedUpTo + secondsAfter })));
    expect(decision.outcome === 'accepted' ? 'none' : decision.reason).toBe(reason);
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

describe('given a token that was verified before', () => {
  const known = async (claims: Record<string, unknown>, options: Partial<VerifierOptions> = {}) => {
    world = testWorld();
    const verifier = another({ revocation: null, logger: null, ...options });
    const request = bearing(await signer.sign(claims, { expiresInSeconds: 100 }));
    expect(await verifier.verify(request)).toMatchObject({ outcome: 'accepted' });
    return () => verifier.verify(request);
  };

  it('refuses it from the moment it expires, tolerance included', async () => {
    const verify = await known({});
    await world.clock.advance(104_999);
    expect(verify()).toMatchObject({ outcome: 'accepted', cached: true });
    await world.clock.advance(1);
    expect(verify()).toMatchObject({ outcome: 'rejected', reason: 'expired', cached: true });
  });

  it('refuses it once it is older than maxTokenAgeMs', async () => {
    const verify = await known({}, { maxTokenAgeMs: 30_000 });
    await world.clock.advance(35_000);
    expect(verify()).toMatchObject({ outcome: 'accepted' });
    await world.clock.advance(1);
    expect(verify()).toMatchObject({ reason: 'too_old' });
  });

  it('refuses it when the wall clock falls back before nbf', async () => {
    world = testWorld();
    const nbf = Math.floor(world.clock.wallMs() / 1000);
    const verify = await known({ nbf });
    world.clock.jumpWall(-5000);
    expect(verify()).toMatchObject({ outcome: 'accepted' });
    world.clock.jumpWall(-1);
    expect(verify()).toMatchObject({ reason: 'not_yet_valid' });
  });

  it('hands out claims that nobody can change for the next request', async () => {
    const verify = await known({ roles: [{ name: 'reader' }] });
    const decision = await verify();
    const auth = decision.outcome === 'accepted' ? decision.auth : undefined;
    const roles = auth?.claims['roles'] as { name: string }[];
    expect(() => Object.assign(roles[0]!, { name: 'admin' })).toThrow(TypeError);
    expect(() => Object.assign(auth!, { subject: 'admin' })).toThrow(TypeError);
    expect(auth?.revocation).toBe('unknown');
  });
});

describe('given keys that are fetched', () => {
  const fetching = (keys: () => unknown[]) =>
    testWorld({
      fetch: async () =>
        new Response(JSON.stringify({ keys: keys() }), { headers: { 'content-type': 'application/json' } }),
    });
  const remote = { jwks: undefined as never, jwksUri: 'https://keys.test/jwks', revocation: null, logger: null };

  it('forgets a known token in the moment its key is gone', async () => {
    let keys: unknown[] = [signer.publicJwk];
    world = fetching(() => keys);
    const verifier = another(remote);
    const request = bearing(await signer.sign());
    await verifier.verify(request);
    keys = [{ ...(await createSigner({ kid: 'next' })).publicJwk }];
    await world.clock.advance(300_000);
    await verifier.verify(bearing(await signer.sign()));
    await world.clock.advance(0);
    expect(await verifier.verify(request)).toMatchObject({ outcome: 'rejected' });
  });

  it('asks once for verifiers that name the same key set', async () => {
    world = fetching(() => [signer.publicJwk]);
    const verifiers = [another(remote), another(remote)];
    const token = await signer.sign();
    for (const verifier of verifiers)
      expect(await verifier.verify(bearing(token))).toMatchObject({ outcome: 'accepted' });
    expect(world.fetched).toEqual(['https://keys.test/jwks']);
  });

  it('goes on for the others when one of them is closed', async () => {
    world = fetching(() => [signer.publicJwk]);
    const [one, other] = [another(remote), another(remote)];
    await one.close();
    expect(await other.prefetch()).toBe(true);
  });

  it('resolves prefetch and ready to false while the issuer is out of reach', async () => {
    world = testWorld();
    const verifier = another(remote);
    expect(await verifier.prefetch()).toBe(false);
    const ready = verifier.ready({ timeoutMs: 1000 });
    await world.clock.advance(1000);
    expect(await ready).toBe(false);
    expect(verifier.status()).toMatchObject({
      ready: false,
      issuers: [{ alias: 'issuer.test', keys: { state: 'cold' } }],
    });
  });
});

describe('given several verifiers on one feed', () => {
  it('follows it once', async () => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    another({ revocation: { feed } });
    another({ revocation: { feed: { feed } } });
    await world.clock.advance(0);
    expect(feed.connections).toBe(1);
  });

  it.each([
    ['neither of them accepts when nobody can tell', {}, () => {}, false],
    ['one of them does', { whenUnknown: 'accept' }, () => {}, true],
    ['a route of one of them does', {}, (verifier) => void protect(verifier, { whenUnknown: 'accept' }), true],
    [
      'a call to one of them does',
      {},
      (verifier) => void verifier.verify({ headers: {} }, { whenUnknown: 'accept' }),
      true,
    ],
  ] as const satisfies readonly (readonly [string, object, (verifier: Verifier) => void, boolean])[])(
    'tells the log whether to count on this process: %s',
    async (_case, options, use, failOpen) => {
      world = testWorld();
      const feed = new FakeFeed(world.clock);
      another({ revocation: { feed } });
      const verifier = another({ revocation: { feed, ...options } });
      await world.clock.advance(0);
      use(verifier);
      expect(feed.reported).toMatchObject({ failOpen });
    },
  );

  it('counts each event once on one registry', async () => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    const metrics = { registry: new Registry() };
    another({ revocation: { feed }, metrics });
    another({ revocation: { feed }, metrics });
    await world.clock.advance(0);
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'x' });
    await world.clock.advance(0);
    const text = await metrics.registry.metrics();
    expect(text).toContain('revocast_revocation_events_total{dimension="subject",result="applied"} 1');
    expect(text).toContain('revocast_denylist_rules 1');
    expect(text).toContain('revocast_feed_state{state="fresh"} 1');
  });
});

describe('given a rule that comes too late', () => {
  const acceptedThenDenied = async (lateMs: number) => {
    world = testWorld();
    const feed = new FakeFeed(world.clock);
    const metrics = { registry: new Registry() };
    const verifier = another({ revocation: { feed }, metrics });
    await world.clock.advance(0);
    const loggedAtMs = world.clock.wallMs();
    await world.clock.advance(lateMs);
    await verifier.verify(bearing(await signer.sign({ sid: 's' })));
    const details = { id: 'x', kind: 'revoke', dimension: 'session', requestedAtMs: loggedAtMs } as const;
    feed.deny({ dimension: 'session', issuer: signer.issuer, value: 's' }, { loggedAtMs, details });
    await world.clock.advance(0);
    return await metrics.registry.metrics();
  };

  it('counts the request as exposed within the bound', async () => {
    const text = await acceptedThenDenied(5000);
    expect(text).toContain('revocation_exposed_requests_total{dimension="session"} 1');
    expect(text).toContain('revocation_leaked_requests_total{dimension="session"} 0');
    expect(text).toContain('revocation_exposure_seconds_sum 5');
  });

  it('counts the request as leaked past the bound', async () => {
    const text = await acceptedThenDenied(5001);
    expect(text).toContain('revocation_exposed_requests_total{dimension="session"} 0');
    expect(text).toContain('revocation_leaked_requests_total{dimension="session"} 1');
  });
});

describe('given a log that keeps its rules for shorter-lived tokens', () => {
  it('is never ready, answers unavailable and says which two numbers disagree', async () => {
    world = testWorld();
    const feed = new FakeFeed(world.clock, { maxTokenLifetimeSeconds: 3600 });
    const verifier = another({ revocation: { feed } });
    await world.clock.advance(0);
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'denylist_unavailable' });
    const ready = verifier.ready({ timeoutMs: 1000 });
    await world.clock.advance(1000);
    expect(await ready).toBe(false);
    const problem = 'maxTokenLifetimeMs is 86400000, but the log keeps its rules for tokens of at most 3600000 ms';
    expect(verifier.status().revocation?.problem).toContain(problem);
    expect(world.lines.join()).toContain(problem);
  });

  it('still rejects what it knows to be revoked, and asks no look-up', async () => {
    world = testWorld();
    const feed = new FakeFeed(world.clock, { maxTokenLifetimeSeconds: 3600 });
    const lookup = {
      asked: 0,
      find: async () => {
        lookup.asked += 1;
        return { verdict: 'active' } as const;
      },
      close: async () => {},
    };
    const verifier = another({ revocation: { feed, lookup } });
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'x' });
    await world.clock.advance(0);
    expect(await verifier.verify(bearing(await signer.sign({ sub: 'x' })))).toMatchObject({
      reason: 'revoked_subject',
    });
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ outcome: 'unavailable' });
    expect(lookup.asked).toBe(0);
  });

  it('is content with the very same number', async () => {
    world = testWorld();
    const verifier = another({
      maxTokenLifetimeMs: 3_600_000,
      revocation: { feed: new FakeFeed(world.clock, { maxTokenLifetimeSeconds: 3600 }) },
    });
    await world.clock.advance(0);
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ outcome: 'accepted' });
  });
});

describe('given nothing in reach', () => {
  it('constructs, answers unavailable, and the one line says what to start or write', async () => {
    world = testWorld({ environment: { REVOCAST_FEED: 'http://127.0.0.1:9' } });
    const verifier = another({});
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'denylist_unavailable' });
    await until(() => world.lines.length > 0);
    expect(world.lines).toHaveLength(1);
    expect(world.lines[0]).toMatch(
      /^revocast: cannot follow feed http:\/\/127\.0\.0\.1:9 \([a-z]+\): requests are answered 503; start the sidecar .*`revocation: null`$/,
    );
  });
});

describe('given checks that are switched off', () => {
  it('warns once for each, and shows them in status()', async () => {
    world = testWorld();
    const verifier = another({ audience: null, revocation: null });
    expect(verifier.status()).toMatchObject({ switchedOff: ['audience', 'revocation'], revocation: null, ready: true });
    expect(world.lines).toEqual([
      'revocast: audience is null: this check is switched off',
      'revocast: revocation is null: this check is switched off',
    ]);
  });

  it('is silent when the logger is null', async () => {
    world = testWorld();
    another({ audience: null, revocation: null, logger: null });
    expect(world.lines).toEqual([]);
  });
});

describe('given a look-up of somebody else that never settles', () => {
  it('waits for it below its time and not longer', async () => {
    world = testWorld();
    const lookup = {} as { find: LookUp['find']; close: LookUp['close'] };
    const asked = new Promise<void>((resolve) => {
      lookup.find = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    lookup.close = async () => {};
    const verifier = another({ revocation: { feed: null, lookup, lookupTimeoutMs: 200 } });
    await world.clock.advance(0);
    let decision: Decision | undefined;
    const waiting = Promise.resolve(verifier.verify(bearing(await signer.sign()))).then((settled) => {
      decision = settled;
    });
    // The signature is verified on another thread, and only then is the look-up asked.
    await asked;
    await world.clock.advance(199);
    expect(decision).toBeUndefined();
    await world.clock.advance(1);
    await waiting;
    expect(decision).toMatchObject({ outcome: 'unavailable', reason: 'denylist_unavailable' });
  });
});

describe('given a look-up without a feed', () => {
  it('asks it for each request', async () => {
    world = testWorld();
    const lookup: LookUp = {
      find: async (digests) => ({ verdict: 'revoked', dimension: digests.dimensions[0]! }),
      close: async () => {},
    };
    const verifier = another({ revocation: { feed: null, lookup } });
    expect(await verifier.ready({ timeoutMs: 100 })).toBe(true);
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'revoked_token' });
  });
});

/** Steps the clock until something that needs real I/O has happened. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await world.clock.advance(100);
  }
}
