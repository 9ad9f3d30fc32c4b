import { afterEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Decision } from '../../src/decision.ts';
import { maxIssuerLength, maxPendingCalls } from '../../src/issuers/issuer-resolver.ts';
import { keptForRefreshes } from '../../src/jwks/process-questions.ts';
import type { IssuerResolverOptions } from '../../src/options/issuer-options.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { forge, type KeyName, publicJwk } from '../forge.ts';
import { reasonOf } from '../table-run.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';
import { audience, usualClaims } from '../verification-table.ts';

const opened: Verifier[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

type Resolve = IssuerResolverOptions['resolve'];
const tenant = (name: string) => `https://${name}.tenants.test/`;
const jwks = { keys: [publicJwk('es')] };
const otherJwks = { keys: [publicJwk('other', { kid: 'es' })] };

interface OpenOptions extends Pick<VerifierOptions, 'dangerouslyAllowHttp' | 'metrics'> {
  readonly dependencies?: TestDependencies;
}

async function open(
  resolve: Resolve,
  options: Partial<IssuerResolverOptions> = {},
  { dependencies = testDependencies(), ...others }: OpenOptions = {},
) {
  const asked: string[] = [];
  const counting: Resolve = (issuer) => {
    asked.push(issuer);
    return resolve(issuer);
  };
  const revocation = { feed: new FakeFeed(dependencies.clock) };
  const verifier = composeVerifier(
    { audience, issuers: { ...options, resolve: counting }, revocation, ...others },
    dependencies,
  );
  opened.push(verifier);
  await dependencies.clock.advance(0);
  const verify = (iss: string, signer: KeyName = 'es'): Decision | Promise<Decision> =>
    verifier.verify({ headers: { authorization: `Bearer ${tokenOf(iss, signer)}` } });
  const send = async (iss: string, signer: KeyName = 'es') => reasonOf(await verify(iss, signer));
  return { dependencies, verifier, asked, verify, send };
}

const tokens = new Map<string, string>();

/** The same token for the same tenant, so that the second time it may be known. */
function tokenOf(iss: string, signer: KeyName): string {
  const held = tokens.get(iss + signer);
  const token = held ?? forge({ signer, claims: { iss, exp: usualClaims.exp + 20_000 } }, usualClaims);
  tokens.set(iss + signer, token);
  return token;
}

describe('issuers that a hook returns', () => {
  it('are each bound to their own keys', async () => {
    const { send } = await open(async (issuer) => (issuer === tenant('a') ? { jwks } : { jwks: otherJwks }));
    expect(await send(tenant('a'), 'es')).toBe('none');
    expect(await send(tenant('b'), 'other')).toBe('none');
    expect(await send(tenant('a'), 'other')).toBe('bad_signature');
    expect(await send(tenant('b'), 'es')).toBe('bad_signature');
  });

  it('cause one call of the hook for concurrent requests', async () => {
    const { send, asked, verify } = await open(async () => ({ jwks }));
    const reasons = await Promise.all(Array.from({ length: 50 }, () => send(tenant('a'))));
    expect(new Set(reasons)).toEqual(new Set(['none']));
    expect(asked).toEqual([tenant('a')]);
    expect(verify(tenant('a'))).toMatchObject({ outcome: 'accepted', cached: true });
  });

  it('may be described synchronously; their own options override those of the verifier', async () => {
    const { send } = await open(() => ({ jwks, algorithms: ['RS256'] }));
    expect(await send(tenant('a'))).toBe('alg_not_allowed');
  });

  it('share one alias in decisions, and are listed one by one in the status', async () => {
    const { verify, verifier } = await open(() => ({ jwks }), { alias: 'tenants' });
    expect(await verify(tenant('a'))).toMatchObject({ issuerAlias: 'tenants' });
    expect(verifier.status().issuers).toMatchObject([{ issuer: tenant('a'), alias: 'tenants' }]);
  });
});

describe('an issuer that is not trusted', () => {
  it('causes no fetch, and no second call of the hook below refusedMs; one at it', async () => {
    const { send, asked, dependencies } = await open(async () => null, { refusedMs: 1000 });
    expect([await send(tenant('x')), await send(tenant('x'))]).toEqual(['untrusted_issuer', 'untrusted_issuer']);
    await dependencies.clock.advance(999);
    await send(tenant('x'));
    expect(asked.length).toBe(1);
    await dependencies.clock.advance(1);
    await send(tenant('x'));
    expect(asked.length).toBe(2);
    expect(dependencies.fetched).toEqual([]);
  });

  it('is rejected without a call of the hook above the greatest length', async () => {
    const { send, asked } = await open(async () => ({ jwks }));
    const ofLength = (length: number) => 'https://'.padEnd(length, 'i');
    expect(await send(ofLength(maxIssuerLength + 1))).toBe('untrusted_issuer');
    expect(asked).toEqual([]);
    expect(await send(ofLength(maxIssuerLength))).toBe('none');
  });

  // RFC 8414 §2: an issuer identifier is an https URL without query and fragment.
  it.each([
    'tenant-a',
    'http://a.tenants.test/',
    'https:',
    'https://',
    'HTTPS://a.tenants.test/',
    'https://user@a.tenants.test/',
    'https://a.tenants.test/?x=1',
    'https://a.tenants.test/#x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    ' https://a.tenants.test/',
  ])('is rejected without a call of the hook when it is no https URL: %s', async (iss) => {
    const { send, asked } = await open(async () => ({ jwks }));
    expect(await send(iss)).toBe('untrusted_issuer');
    expect(asked).toEqual([]);
  });

  it('may be an http URL with dangerouslyAllowHttp', async () => {
    const { send } = await open(async () => ({ jwks }), {}, { dangerouslyAllowHttp: true });
    expect(await send('http://a.tenants.test/')).toBe('none');
    expect(await send('ftp://a.tenants.test/')).toBe('untrusted_issuer');
  });
});

describe('issuers beyond the bound', () => {
  it('replace the least recently used issuer', async () => {
    const { send, asked, verifier } = await open(async () => ({ jwks }), { maxEntries: 2 });
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) expect(await send(tenant(name))).toBe('none');
    expect(asked).toEqual(['a', 'b', 'c', 'b'].map(tenant));
    expect(verifier.status().issuers.length).toBe(2);
  });

  it('are unavailable at once when too many calls are pending', async () => {
    const { verify, dependencies } = await open(() => new Promise(() => {}));
    const waiting = Array.from({ length: maxPendingCalls }, (_, at) => verify(tenant(`slow-${at}`)));
    expect(await verify(tenant('one-more'))).toMatchObject({
      outcome: 'unavailable',
      reason: 'unknown_issuer_throttled',
      retryAfterMs: 3000,
    });
    await dependencies.clock.advance(3000);
    expect(new Set((await Promise.all(waiting)).map(reasonOf))).toEqual(new Set(['jwks_unavailable']));
  });
});

describe('tokens without a valid signature', () => {
  it('replace no issuer, and keep none from being replaced', async () => {
    const { verify, send, asked } = await open(async () => ({ jwks }), { maxEntries: 2 });
    expect([await send(tenant('a')), await send(tenant('b'))]).toEqual(['none', 'none']);
    for (let at = 0; at < 5; at += 1) expect(await send(tenant(`named-${at}`), 'other')).toBe('bad_signature');
    for (const name of ['a', 'b']) expect(verify(tenant(name))).toMatchObject({ outcome: 'accepted', cached: true });
    // `a` is the least recently used: this token does not change that.
    expect(await send(tenant('a'), 'other')).toBe('bad_signature');
    expect(await send(tenant('c'))).toBe('none');
    const before = asked.length;
    expect(await send(tenant('b'), 'other')).toBe('bad_signature');
    expect(asked.length).toBe(before);
    expect(await send(tenant('a'))).toBe('none');
    expect(asked.slice(before)).toEqual([tenant('a')]);
  });

  it('are not in the status, and cause one call for each issuer that they name', async () => {
    const { verifier, send, asked } = await open(async () => ({ jwks }));
    for (let at = 0; at < 3; at += 1) expect(await send(tenant('a'), 'other')).toBe('bad_signature');
    expect(asked).toEqual([tenant('a')]);
    expect(verifier.status().issuers).toEqual([]);
    expect(await send(tenant('a'))).toBe('none');
    expect(asked).toEqual([tenant('a')]);
    expect(verifier.status().issuers.length).toBe(1);
  });

  it('do not displace the memory of an issuer that is not trusted', async () => {
    const { send, asked } = await open(async () => null, { maxEntries: 2 });
    for (const name of ['x', 'y', 'z']) expect(await send(tenant(name))).toBe('untrusted_issuer');
    for (const name of ['x', 'y']) expect(await send(tenant(name))).toBe('untrusted_issuer');
    expect(asked).toEqual(['x', 'y', 'z'].map(tenant));
  });

  it('cannot ask more than the budget of the process, and leave room for refreshes', async () => {
    const dependencies = testDependencies();
    const first = await open(async () => null, {}, { dependencies });
    const second = await open(async () => null, {}, { dependencies });
    const reasons = new Map<string, number>();
    for (let at = 0; at < 600; at += 1) {
      const { send } = at % 2 === 0 ? first : second;
      const reason = await send(tenant(`guessed-${at}`));
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const allowed = 500 - keptForRefreshes;
    expect(Object.fromEntries(reasons)).toEqual({ untrusted_issuer: allowed, unknown_issuer_throttled: 600 - allowed });
    expect(first.asked.length + second.asked.length).toBe(allowed);
    expect(await first.verify(tenant('one-more'))).toMatchObject({ retryAfterMs: 10 + 3000 });
    await dependencies.clock.advance(10);
    expect(await first.send(tenant('one-more'))).toBe('untrusted_issuer');
  });
});

describe('a hook', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('no such table');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no such table'))],
    ['says something that is no description', () => 'yes' as never],
    ['names options that do not exist', () => ({ jwksUrl: 'https://x.test/' }) as never],
    ['gives keys that cannot be used', () => ({ jwks: { keys: [] } })],
  ] as [string, Resolve][])(
    'that %s is a dependency that failed, remembered for its issuer',
    async (_what, resolve) => {
      const registry = new Registry();
      const { verify, send, asked, dependencies } = await open(resolve, {}, { metrics: { registry } });
      const decision = await verify(tenant('a'));
      expect(decision).toMatchObject({ outcome: 'unavailable', reason: 'jwks_unavailable', cause: expect.any(Error) });
      await dependencies.clock.advance(999);
      expect(await send(tenant('a'))).toBe('jwks_unavailable');
      expect(asked).toEqual([tenant('a')]);
      const metrics = await registry.metrics();
      expect(metrics).toContain('revocast_jwks_fetches_total{issuer="resolved",result="hook_failed"} 1');
      await send(tenant('b'));
      await dependencies.clock.advance(1);
      await send(tenant('a'));
      expect(asked).toEqual(['a', 'b', 'a'].map(tenant));
    },
  );

  it('that never settles is waited for until timeoutMs', async () => {
    const { verify, dependencies } = await open(() => new Promise(() => {}), { timeoutMs: 500 });
    let settled: Decision | undefined;
    const waiting = Promise.resolve(verify(tenant('a'))).then((decision) => {
      settled = decision;
    });
    await dependencies.clock.advance(499);
    expect(settled).toBeUndefined();
    await dependencies.clock.advance(1);
    await waiting;
    expect(settled).toMatchObject({ outcome: 'unavailable', reason: 'jwks_unavailable' });
    // Remembered too: the next request does not wait.
    expect(reasonOf(await verify(tenant('a')))).toBe('jwks_unavailable');
  });

  it('leaves no timer behind when it settles in time', async () => {
    const { send, dependencies } = await open(async () => ({ jwks }));
    const sleeping = dependencies.clock.sleeping;
    await send(tenant('a'));
    expect(dependencies.clock.sleeping).toBe(sleeping);
  });

  it('is called again in the background at maxAgeMs, and not below it', async () => {
    const { verify, send, asked, dependencies } = await open(async () => ({ jwks }), { maxAgeMs: 10_000 });
    await send(tenant('a'));
    await dependencies.clock.advance(9999);
    expect(verify(tenant('a'))).toMatchObject({ cached: true });
    expect(asked.length).toBe(1);
    await dependencies.clock.advance(1);
    expect(verify(tenant('a'))).toMatchObject({ cached: true });
    expect(asked.length).toBe(2);
    await dependencies.clock.advance(0);
    expect(verify(tenant('a'))).toMatchObject({ cached: true });
    expect(asked.length).toBe(2);
  });

  it('that fails leaves known issuers trusted below the hard age, and is called once a second meanwhile', async () => {
    let up = true;
    const resolve: Resolve = async () => {
      if (!up) throw new Error('down');
      return { jwks };
    };
    const { send, asked, dependencies } = await open(resolve, { maxAgeMs: 1000 });
    await send(tenant('a'));
    up = false;
    for (let minute = 1; minute < 60; minute += 1) {
      await dependencies.clock.advance(60_000);
      expect(await send(tenant('a'))).toBe('none');
    }
    const before = asked.length;
    for (let request = 0; request < 20; request += 1) await send(tenant('a'));
    expect(asked.length).toBe(before);
    await dependencies.clock.advance(60_000);
    expect(await send(tenant('a'))).toBe('jwks_unavailable');
  });

  it('that returns null for a known issuer has its tokens rejected from then on', async () => {
    let trusted = true;
    const { verify, send, dependencies } = await open(async () => (trusted ? { jwks } : null), { maxAgeMs: 1000 });
    await send(tenant('a'));
    trusted = false;
    await dependencies.clock.advance(1000);
    // The request that is behind which the hook is asked.
    expect(verify(tenant('a'))).toMatchObject({ outcome: 'accepted' });
    await dependencies.clock.advance(0);
    expect(await send(tenant('a'))).toBe('untrusted_issuer');
  });

  it('that returns other options has known tokens verified again with them', async () => {
    let keys = jwks;
    const { verify, send, dependencies } = await open(async () => ({ jwks: keys }), { maxAgeMs: 1000 });
    await send(tenant('a'));
    keys = otherJwks;
    await dependencies.clock.advance(1000);
    await verify(tenant('a'));
    await dependencies.clock.advance(0);
    expect(await send(tenant('a'))).toBe('bad_signature');
  });
});
