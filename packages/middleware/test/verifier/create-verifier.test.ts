import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type LookUp, trustedIssuers, type Verdict } from '@revocast/denylist/replica';
import { createSigner, type Signer } from '@revocast/test-support';
import { Registry } from 'prom-client';
import type { Decision } from '../../src/decision.ts';
import { protect } from '../../src/express/protect.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';

let signer: Signer;
let dependencies: TestDependencies;
const opened: Verifier[] = [];

beforeAll(async () => {
  signer = await createSigner({ nowMs: () => dependencies.clock.wallMs() });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

function another(options: Partial<VerifierOptions>): Verifier {
  const { issuer, jwks } = signer;
  const verifier = composeVerifier(
    { issuer, audience: 'https://api.test', jwks, ...options } as VerifierOptions,
    dependencies,
  );
  opened.push(verifier);
  return verifier;
}

const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('given a fresh feed', () => {
  it('accepts a good token, the second time synchronously and without any fetch', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    const verifier = another({ revocation: { feed } });
    await dependencies.clock.advance(0);
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
    expect(dependencies.fetched).toEqual([]);
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
  ] as const)('rejects a known token from the turn on in which its %s is denied', async (dimension, claims, value) => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    const verifier = another({ revocation: { feed } });
    await dependencies.clock.advance(0);
    const token = await signer.sign(claims);
    expect(await verifier.verify(bearing(token))).toMatchObject({ outcome: 'accepted' });

    feed.deny({ dimension, issuer: signer.issuer, value });
    await dependencies.clock.advance(0);

    expect(verifier.verify(bearing(token))).toMatchObject({ outcome: 'rejected', reason: `revoked_${dimension}` });
  });
});

describe('given a cutoff', () => {
  it.each([
    [0, 'revoked_subject'],
    [0.5, 'revoked_subject'],
    [1, 'none'],
  ])('covers tokens issued in its own second: %d s after it, %s', async (secondsAfter, reason) => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    const verifier = another({ revocation: { feed } });
    const issuedUpTo = Math.floor(dependencies.clock.wallMs() / 1000);
    const rule = { deniedUntil: 0, issuedUpTo, denialStamp: 0, liftedUpTo: 0 };
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'user-1' }, { rule });
    await dependencies.clock.advance(0);
    const decision = await verifier.verify(bearing(await signer.sign({ iat: issuedUpTo + secondsAfter })));
    expect(decision.outcome === 'accepted' ? 'none' : decision.reason).toBe(reason);
  });
});

describe('given a feed that is not fresh', () => {
  const stale = async (options: NonNullable<VerifierOptions['revocation']>) => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    const verifier = another({ revocation: { ...options, feed } });
    await dependencies.clock.advance(0);
    feed.silence();
    await dependencies.clock.advance(6000);
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

  it('still rejects tokens that are revoked in memory', async () => {
    const { verifier, feed } = await stale({});
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'user-1' });
    await dependencies.clock.advance(0);
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'revoked_subject' });
  });

  it('accepts, with revocation `unknown`, if the policy is `accept`', async () => {
    const { verifier } = await stale({ whenUnknown: 'accept' });
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({
      outcome: 'accepted',
      auth: { revocation: 'unknown' },
    });
  });

  it('uses the policy of the call instead of that of the verifier', async () => {
    const { verifier } = await stale({ whenUnknown: 'accept' });
    const decision = await verifier.verify(bearing(await signer.sign()), { whenUnknown: 'unavailable' });
    expect(decision.outcome).toBe('unavailable');
  });

  it('looks a token up once a second, and uses the answer', async () => {
    const lookup = answering({ verdict: 'active' });
    const { verifier } = await stale({ lookup });
    const request = bearing(await signer.sign());
    const decisions: Decision[] = [await verifier.verify(request), await verifier.verify(request)];
    expect(decisions).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted', auth: { revocation: 'active' } }]);
    expect(lookup.asked).toBe(1);
    await dependencies.clock.advance(1000);
    await verifier.verify(request);
    expect(lookup.asked).toBe(2);
  });

  it('is unavailable if the look-up fails too', async () => {
    const { verifier } = await stale({ lookup: answering({ verdict: 'unknown', cause: 'lookup_timeout' }) });
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ outcome: 'unavailable' });
  });

  it('logs one line with the effect on requests', async () => {
    await stale({});
    expect(dependencies.lines).toEqual(['revocast: feed fake: is fresh']);
    await dependencies.clock.advance(60_000);
    expect(dependencies.lines.at(-1)).toBe('revocast: feed fake: is stale (no_heartbeat): requests are answered 503');
    expect(dependencies.lines).toHaveLength(2);
  });
});

describe('given a token that was verified before', () => {
  const known = async (claims: Record<string, unknown>, options: Partial<VerifierOptions> = {}) => {
    dependencies = testDependencies();
    const verifier = another({ revocation: null, logger: null, ...options });
    const request = bearing(await signer.sign(claims, { expiresInSeconds: 100 }));
    expect(await verifier.verify(request)).toMatchObject({ outcome: 'accepted' });
    return () => verifier.verify(request);
  };

  it('rejects it from its expiry on, tolerance included', async () => {
    const verify = await known({});
    await dependencies.clock.advance(104_999);
    expect(verify()).toMatchObject({ outcome: 'accepted', cached: true });
    await dependencies.clock.advance(1);
    expect(verify()).toMatchObject({ outcome: 'rejected', reason: 'expired', cached: true });
  });

  it('rejects it when it is older than maxTokenAgeMs', async () => {
    const verify = await known({}, { maxTokenAgeMs: 30_000 });
    await dependencies.clock.advance(35_000);
    expect(verify()).toMatchObject({ outcome: 'accepted' });
    await dependencies.clock.advance(1);
    expect(verify()).toMatchObject({ reason: 'too_old' });
  });

  it('rejects it when the wall clock is set back before nbf', async () => {
    dependencies = testDependencies();
    const nbf = Math.floor(dependencies.clock.wallMs() / 1000);
    const verify = await known({ nbf });
    dependencies.clock.jumpWall(-5000);
    expect(verify()).toMatchObject({ outcome: 'accepted' });
    dependencies.clock.jumpWall(-1);
    expect(verify()).toMatchObject({ reason: 'not_yet_valid' });
  });

  it('returns frozen claims, which no request can change for the next one', async () => {
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
    testDependencies({
      fetch: async () =>
        new Response(JSON.stringify({ keys: keys() }), { headers: { 'content-type': 'application/json' } }),
    });
  const remote = { jwks: undefined as never, jwksUri: 'https://keys.test/jwks', revocation: null, logger: null };

  it('verifies a known token again as soon as its key is removed', async () => {
    let keys: unknown[] = [signer.publicJwk];
    dependencies = fetching(() => keys);
    const verifier = another(remote);
    const request = bearing(await signer.sign());
    await verifier.verify(request);
    keys = [{ ...(await createSigner({ kid: 'next' })).publicJwk }];
    await dependencies.clock.advance(300_000);
    await verifier.verify(bearing(await signer.sign()));
    await dependencies.clock.advance(0);
    expect(await verifier.verify(request)).toMatchObject({ outcome: 'rejected' });
  });

  it('fetches a key set once for all verifiers that name it', async () => {
    dependencies = fetching(() => [signer.publicJwk]);
    const verifiers = [another(remote), another(remote)];
    const token = await signer.sign();
    for (const verifier of verifiers)
      expect(await verifier.verify(bearing(token))).toMatchObject({ outcome: 'accepted' });
    expect(dependencies.fetched).toEqual(['https://keys.test/jwks']);
  });

  it('keeps a shared key set open when one of its verifiers is closed', async () => {
    dependencies = fetching(() => [signer.publicJwk]);
    const [one, other] = [another(remote), another(remote)];
    await one.close();
    expect(await other.prefetch()).toBe(true);
  });

  it('resolves prefetch and ready to false while the issuer is unreachable', async () => {
    dependencies = testDependencies();
    const verifier = another(remote);
    expect(await verifier.prefetch()).toBe(false);
    const ready = verifier.ready({ timeoutMs: 1000 });
    await dependencies.clock.advance(1000);
    expect(await ready).toBe(false);
    expect(verifier.status()).toMatchObject({
      ready: false,
      issuers: [{ alias: 'issuer.test', keys: { state: 'cold' } }],
    });
  });
});

describe('given several verifiers on one feed', () => {
  it('follows it once', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    another({ revocation: { feed } });
    another({ revocation: { feed: { feed } } });
    await dependencies.clock.advance(0);
    expect(feed.connections).toBe(1);
  });

  it.each([
    ['no verifier accepts when unknown', {}, () => {}, false],
    ['one verifier does', { whenUnknown: 'accept' }, () => {}, true],
    ['a route does', {}, (verifier) => void protect(verifier, { whenUnknown: 'accept' }), true],
    ['a call does', {}, (verifier) => void verifier.verify({ headers: {} }, { whenUnknown: 'accept' }), true],
  ] as const satisfies readonly (readonly [string, object, (verifier: Verifier) => void, boolean])[])(
    'reports to the log whether this process fails open: %s',
    async (_case, options, use, failOpen) => {
      dependencies = testDependencies();
      const feed = new FakeFeed(dependencies.clock);
      another({ revocation: { feed } });
      const verifier = another({ revocation: { feed, ...options } });
      await dependencies.clock.advance(0);
      use(verifier);
      expect(feed.reported).toMatchObject({ failOpen });
    },
  );

  it.each<[string, readonly object[], (issuer: string) => string]>([
    ['one issuer', [{}], (first) => trustedIssuers([first])],
    ['those of two verifiers', [{}, { issuer: 'https://b/' }], (first) => trustedIssuers([first, 'https://b/'])],
    [
      'every tenant',
      [{ issuer: 'https://c/{tenantid}/', tenants: ['t1', 't2'] }],
      () => trustedIssuers(['https://c/t1/', 'https://c/t2/']),
    ],
    ['any, with a hook', [{}, { issuer: undefined, jwks: undefined, issuers: { resolve: () => null } }], () => 'any'],
  ])('reports to the log which issuers this process trusts: %s', async (_case, verifiers, expected) => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    for (const options of verifiers) another({ ...options, revocation: { feed } });
    await dependencies.clock.advance(0);
    expect(feed.reported?.issuers).toBe(expected(signer.issuer));
  });

  it('counts each event once on a shared registry', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    const metrics = { registry: new Registry() };
    another({ revocation: { feed }, metrics });
    another({ revocation: { feed }, metrics });
    await dependencies.clock.advance(0);
    feed.deny({ dimension: 'subject', issuer: signer.issuer, value: 'x' });
    await dependencies.clock.advance(0);
    const text = await metrics.registry.metrics();
    expect(text).toContain('revocast_revocation_events_total{dimension="subject",result="applied"} 1');
    expect(text).toContain('revocast_denylist_rules 1');
    expect(text).toContain('revocast_feed_state{state="fresh"} 1');
  });
});

describe('given a rule that arrives after an accepted request', () => {
  const acceptedThenDenied = async (lateMs: number) => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock);
    const metrics = { registry: new Registry() };
    const verifier = another({ revocation: { feed }, metrics });
    await dependencies.clock.advance(0);
    const loggedAtMs = dependencies.clock.wallMs();
    await dependencies.clock.advance(lateMs);
    await verifier.verify(bearing(await signer.sign({ sid: 's' })));
    const details = { id: 'x', kind: 'revoke', dimension: 'session', requestedAtMs: loggedAtMs } as const;
    feed.deny({ dimension: 'session', issuer: signer.issuer, value: 's' }, { loggedAtMs, details });
    await dependencies.clock.advance(0);
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
  const living = (seconds: number, claims = {}) => {
    const iat = Math.floor(dependencies.clock.wallMs() / 1000);
    return signer.sign({ ...claims, iat, exp: iat + seconds });
  };

  it('answers unavailable for longer-lived tokens only, and names the two numbers', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock, { maxTokenLifetimeSeconds: 3600 });
    const verifier = another({ revocation: { feed } });
    await dependencies.clock.advance(0);
    // An hour, and the 5 minutes by which a token may be dated back.
    expect(await verifier.verify(bearing(await living(3900)))).toMatchObject({ outcome: 'accepted' });
    expect(await verifier.verify(bearing(await living(3901)))).toMatchObject({ reason: 'denylist_unavailable' });
    expect(await verifier.ready({ timeoutMs: 1000 })).toBe(true);
    const problem = 'maxTokenLifetimeMs is 86700000, but the log keeps its rules for tokens of at most 3900000 ms';
    expect(verifier.status().revocation?.problem).toContain(problem);
    expect(dependencies.lines.join()).toContain(problem);
  });

  it('still rejects tokens that are revoked in memory, and uses no look-up', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock, { maxTokenLifetimeSeconds: 3600 });
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
    await dependencies.clock.advance(0);
    expect(await verifier.verify(bearing(await living(3901, { sub: 'x' })))).toMatchObject({
      reason: 'revoked_subject',
    });
    expect(await verifier.verify(bearing(await living(3901)))).toMatchObject({ outcome: 'unavailable' });
    expect(lookup.asked).toBe(0);
  });

  it('accepts the same lifetime', async () => {
    dependencies = testDependencies();
    const verifier = another({
      maxTokenLifetimeMs: 3_900_000,
      revocation: { feed: new FakeFeed(dependencies.clock, { maxTokenLifetimeSeconds: 3600 }) },
    });
    await dependencies.clock.advance(0);
    expect(await verifier.verify(bearing(await living(3900)))).toMatchObject({ outcome: 'accepted' });
    expect(verifier.status().revocation?.problem).toBeUndefined();
  });
});

describe('given a log that adds some seconds to a cutoff', () => {
  const ahead = (seconds: number) => signer.sign({ iat: Math.floor(dependencies.clock.wallMs() / 1000) + seconds });
  const outcomeOf = async (verifier: Verifier, seconds: number) => {
    const decision = await verifier.verify(bearing(await ahead(seconds)));
    return decision.outcome === 'accepted' ? 'accepted' : decision.reason;
  };

  it.each<[number | 'unstated', number]>([
    [5, 5],
    [2, 2],
    // A log of the last release states none.
    ['unstated', 2],
  ])('of %p s accepts an iat that is %d s ahead, and no further: a cutoff would not cover it', async (stated, skew) => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock, { cutoffSkewSeconds: stated });
    const verifier = another({ revocation: { feed }, clockToleranceMs: 60_000 });
    await dependencies.clock.advance(0);
    expect([await outcomeOf(verifier, skew), await outcomeOf(verifier, skew + 1)]).toEqual([
      'accepted',
      'not_yet_valid',
    ]);
  });

  it.each([
    [5000, 5],
    [60_000, 60],
    [300_000, 150],
  ])(
    'does not count without revocation, where a clockToleranceMs of %d accepts an iat that is %d s ahead, and no further',
    async (clockToleranceMs, aheadSeconds) => {
      dependencies = testDependencies();
      const verifier = another({ revocation: null, clockToleranceMs });
      expect([await outcomeOf(verifier, aheadSeconds), await outcomeOf(verifier, aheadSeconds + 1)]).toEqual([
        'accepted',
        'not_yet_valid',
      ]);
    },
  );

  it('is never ready with a laxer iatToleranceMs, and names both', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock, { cutoffSkewSeconds: 5 });
    const verifier = another({ revocation: { feed }, iatToleranceMs: 6000 });
    await dependencies.clock.advance(0);
    const ready = verifier.ready({ timeoutMs: 1000 });
    await dependencies.clock.advance(1000);
    expect(await ready).toBe(false);
    const problem = 'iatToleranceMs is 6000, but the log adds 5000 ms to a cutoff';
    expect(verifier.status().revocation?.problem).toContain(problem);
    expect(dependencies.lines.join()).toContain(problem);
    expect(await outcomeOf(verifier, 6)).toBe('not_yet_valid');
  });

  it('may be stricter', async () => {
    dependencies = testDependencies();
    const feed = new FakeFeed(dependencies.clock, { cutoffSkewSeconds: 5 });
    const verifier = another({ revocation: { feed }, iatToleranceMs: 1000 });
    await dependencies.clock.advance(0);
    expect([await outcomeOf(verifier, 1), await outcomeOf(verifier, 2)]).toEqual(['accepted', 'not_yet_valid']);
    expect(await verifier.ready({ timeoutMs: 1000 })).toBe(true);
  });
});

describe('maxTokenBytes', () => {
  const groups = (count: number) => Array.from({ length: count }, (_, index) => `group-${index}`);

  it.each([
    ['below its bound', 1, 'accepted'],
    ['at its bound', 0, 'accepted'],
    ['past its bound', -1, 'token_too_large'],
  ])('bounds a token %s', async (_where, room, expected) => {
    dependencies = testDependencies();
    const token = await signer.sign({ groups: groups(2000) });
    const verifier = another({ maxTokenBytes: token.length + room, revocation: null });
    const decision = await verifier.verify(bearing(token));
    expect(decision.outcome === 'rejected' ? decision.reason : decision.outcome).toBe(expected);
  });

  it('is 8 KiB unless it is set', async () => {
    dependencies = testDependencies();
    const verifier = another({ revocation: null });
    const token = await signer.sign({ groups: groups(500) });
    expect(token.length).toBeGreaterThan(8192);
    expect(await verifier.verify(bearing(token))).toMatchObject({ reason: 'token_too_large' });
  });
});

describe('given no reachable peer', () => {
  it.each([
    [
      'a Redis that cannot be reached',
      { REVOCAST_FEED: 'redis://127.0.0.1:9' },
      /feed redis:\S+ \(unreachable\): requests are answered 503; There is no connection to the source\. Check/,
    ],
    [
      'a token file that cannot be read',
      { REVOCAST_FEED: 'http://127.0.0.1:9', REVOCAST_TOKEN_FILE: '/nowhere/token' },
      /feed http:\S+ \(no_permission\): requests are answered 503; .*the token file cannot be read/,
    ],
  ])('names the fix for %s', async (_what, environment, line) => {
    dependencies = testDependencies({ environment });
    await another({}).verify(bearing(await signer.sign()));
    await until(() => dependencies.lines.length > 0);
    expect(dependencies.lines).toEqual([expect.stringMatching(line)]);
  });

  it('is created, answers unavailable, and logs one line with the fix', async () => {
    dependencies = testDependencies({ environment: { REVOCAST_FEED: 'http://127.0.0.1:9' } });
    const verifier = another({});
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'denylist_unavailable' });
    await until(() => dependencies.lines.length > 0);
    expect(dependencies.lines).toHaveLength(1);
    expect(dependencies.lines[0]).toMatch(
      /^revocast: cannot follow feed http:\/\/127\.0\.0\.1:9 \([a-z]+\): requests are answered 503; start the sidecar .*`revocation: null`$/,
    );
  });
});

describe('given checks that are switched off', () => {
  it('logs a warning for each, and lists them in status()', async () => {
    dependencies = testDependencies();
    const verifier = another({ audience: null, revocation: null });
    expect(verifier.status()).toMatchObject({ switchedOff: ['audience', 'revocation'], revocation: null, ready: true });
    expect(dependencies.lines).toEqual([
      'revocast: audience is null: this check is switched off',
      'revocast: revocation is null: this check is switched off',
    ]);
  });

  it('logs nothing if the logger is null', async () => {
    dependencies = testDependencies();
    another({ audience: null, revocation: null, logger: null });
    expect(dependencies.lines).toEqual([]);
  });
});

describe('given a look-up of the application that never settles', () => {
  it('waits until its timeout and not longer', async () => {
    dependencies = testDependencies();
    const lookup = {} as { find: LookUp['find']; close: LookUp['close'] };
    const asked = new Promise<void>((resolve) => {
      lookup.find = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    lookup.close = async () => {};
    const verifier = another({ revocation: { feed: null, lookup, lookupTimeoutMs: 200 } });
    await dependencies.clock.advance(0);
    let decision: Decision | undefined;
    const waiting = Promise.resolve(verifier.verify(bearing(await signer.sign()))).then((settled) => {
      decision = settled;
    });
    // The look-up is used after the signature check, which may run on another thread.
    await asked;
    await dependencies.clock.advance(199);
    expect(decision).toBeUndefined();
    await dependencies.clock.advance(1);
    await waiting;
    expect(decision).toMatchObject({ outcome: 'unavailable', reason: 'denylist_unavailable' });
  });
});

describe('given a look-up without a feed', () => {
  it('uses it for each request', async () => {
    dependencies = testDependencies();
    const lookup: LookUp = {
      find: async (digests) => ({ verdict: 'revoked', dimension: digests.dimensions[0]! }),
      close: async () => {},
    };
    const verifier = another({ revocation: { feed: null, lookup } });
    expect(await verifier.ready({ timeoutMs: 100 })).toBe(true);
    expect(await verifier.verify(bearing(await signer.sign()))).toMatchObject({ reason: 'revoked_token' });
  });
});

/** Advances the clock until a condition that depends on real I/O is met. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await dependencies.clock.advance(100);
  }
}
