import { afterEach, describe, expect, it } from '@jest/globals';
import { composeVerifier } from '../src/verifier/create-verifier.ts';
import type { Verifier } from '../src/verifier/verifier.ts';
import { FakeFeed } from './fake-feed.ts';
import { forge, type KeyName, publicJwk } from './forge.ts';
import { defaultKeySetLimits } from './jwks/default-limits.ts';
import { reasonOf } from './table-run.ts';
import { type TestDependencies, testDependencies } from './test-dependencies.ts';
import { audience, issuer, usualClaims } from './verification-table.ts';

// The key server behind a verifier, with tokens. The key set cache alone is tested under jwks/.

const { softAgeMs, hardAgeMs, unknownKidBurst, unknownKidIntervalMs } = defaultKeySetLimits;
const opened: Verifier[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

interface KeyServer {
  keys: object[];
  up: boolean;
}

async function open(keys: object[] = [publicJwk('es')]) {
  const server: KeyServer = { keys, up: true };
  const dependencies = testDependencies({
    fetch: async () => {
      if (!server.up) throw new TypeError('down');
      return new Response(JSON.stringify({ keys: server.keys }), { headers: { 'content-type': 'application/json' } });
    },
  });
  const feed = new FakeFeed(dependencies.clock);
  const verifier = composeVerifier(
    { issuer, audience, jwksUri: 'https://keys.test/jwks', revocation: { feed } },
    dependencies,
  );
  opened.push(verifier);
  await dependencies.clock.advance(0);
  await verifier.prefetch();
  return { server, dependencies, feed, verifier, ...senders(verifier, dependencies) };
}

/** Signs tokens of the present time, each with its own id, so that only the same token is found in the token cache. */
function senders(verifier: Verifier, dependencies: TestDependencies) {
  let serial = 0;
  const sign = (kid: string, signer: KeyName = 'es', lifetimeSeconds = 300) => {
    const iat = Math.floor(dependencies.clock.wallMs() / 1000);
    serial += 1;
    return forge(
      { header: { kid }, signer, claims: { jti: `token-${serial}`, iat, exp: iat + lifetimeSeconds + 60 } },
      usualClaims,
    );
  };
  const send = async (token: string) =>
    reasonOf(await verifier.verify({ headers: { authorization: `Bearer ${token}` } }));
  return { sign, send };
}

describe('given 1000 tokens with 1000 random kids at once', () => {
  it('fetches keys within the budget, and accepts every valid token among them', async () => {
    const { dependencies, sign, send } = await open();
    const spent = dependencies.fetched.length;
    const known = sign('es');
    expect(await send(known)).toBe('none');

    const answers: Promise<string>[] = [];
    const good: Promise<string>[] = [];
    for (let at = 0; at < 1000; at += 1) {
      answers.push(send(sign(`random-${at}`)));
      if (at % 10 === 0) good.push(send(known), send(sign('es')));
    }

    expect(new Set(await Promise.all(good))).toEqual(new Set(['none']));
    for (const reason of await Promise.all(answers)) expect(['unknown_kid', 'unknown_kid_throttled']).toContain(reason);
    expect(dependencies.fetched.length - spent).toBeLessThanOrEqual(unknownKidBurst);
  });

  it('remembers at most negativeKids kids, and none of the tokens', async () => {
    const { verifier, sign, send } = await open();
    await send(sign('es'));
    for (let wave = 0; wave < 5; wave += 1) {
      await Promise.all(Array.from({ length: 1000 }, (_, at) => send(sign(`random-${wave}-${at}`))));
    }
    expect(verifier.status().tokenCache?.entries).toBe(1);
    expect(verifier.status().issuers[0]?.keys).toMatchObject({ state: 'fresh', keys: 1 });
  });

  it('finds a rotated key as soon as the bucket allows a fetch', async () => {
    const { server, dependencies, sign, send } = await open();
    const flood = (wave: number) =>
      Promise.all(Array.from({ length: 300 }, (_, at) => send(sign(`random-${wave}-${at}`))));
    for (let wave = 0; wave < 5; wave += 1) await flood(wave);
    server.keys = [publicJwk('es'), publicJwk('other', { kid: 'rotated' })];
    const rotated = sign('rotated', 'other');
    const rotatedAtMs = dependencies.clock.monotonicMs();

    while ((await send(rotated)) !== 'none') {
      // Meanwhile the result is a spent budget or an unknown key, and no other reason.
      expect(['unknown_kid_throttled', 'unknown_kid']).toContain(await send(rotated));
      await Promise.all([flood(dependencies.clock.monotonicMs()), send(rotated)]);
      await dependencies.clock.advance(1000);
      expect(dependencies.clock.monotonicMs() - rotatedAtMs).toBeLessThanOrEqual(unknownKidIntervalMs);
    }
    expect(await send(sign('es'))).toBe('none');
  });
});

describe('given a key set that changes what it says about a key', () => {
  const rsa = (members: object) => publicJwk('rsa', { kid: 'es', ...members });

  it.each([
    ['narrows it to another alg', [rsa({ alg: 'PS256' })], 'alg_not_allowed'],
    ['lists it under another kid only', [rsa({ kid: 'renamed' })], 'unknown_kid'],
    ['lists it for encryption only', [publicJwk('ed'), rsa({ use: 'enc' })], 'key_not_usable'],
    ['names no alg any more', [rsa({})], 'none'],
  ] as const)('verifies known tokens again when it %s', async (_what, after, reason) => {
    const { server, dependencies, verifier, sign, send } = await open([rsa({ alg: 'RS256' })]);
    const token = sign('es', 'rsa', softAgeMs / 1000);
    expect([await send(token), await send(token)]).toEqual(['none', 'none']);
    server.keys = [...after];
    await dependencies.clock.advance(softAgeMs);
    await send(token);
    await dependencies.clock.advance(0);
    expect(await send(token)).toBe(reason);
    await verifier.close();
  });

  it('keeps known tokens while it says the same', async () => {
    const { dependencies, verifier, sign } = await open([rsa({ alg: 'RS256' })]);
    const headers = { authorization: `Bearer ${sign('es', 'rsa', softAgeMs / 1000)}` };
    await verifier.verify({ headers });
    await dependencies.clock.advance(softAgeMs);
    await verifier.verify({ headers });
    await dependencies.clock.advance(0);
    expect(dependencies.fetched.length).toBe(2);
    expect(verifier.verify({ headers })).toMatchObject({ outcome: 'accepted', cached: true });
  });

  it('applies a revocation of each kid of a key, also of a kid that was added later', async () => {
    const { server, dependencies, feed, sign, send } = await open([rsa({})]);
    const token = sign('es', 'rsa', softAgeMs / 1000);
    expect(await send(token)).toBe('none');
    server.keys = [rsa({}), rsa({ kid: 'second', alg: 'PS256' }), rsa({ kid: 'third', use: 'enc' })];
    await dependencies.clock.advance(softAgeMs);
    await send(token);
    await dependencies.clock.advance(0);
    expect(await send(token)).toBe('none');
    feed.deny({ dimension: 'key', issuer, value: 'second' });
    await dependencies.clock.advance(0);
    expect([await send(token), await send(sign('es', 'rsa'))]).toEqual(['revoked_key', 'revoked_key']);
  });

  it.each(['es', 'second', 'third'])(
    'applies a revocation of %s to tokens that name another kid of the key',
    async (kid) => {
      const keys = [rsa({}), rsa({ kid: 'second' }), rsa({ kid: 'third', use: 'enc' })];
      const { dependencies, feed, sign, send } = await open(keys);
      expect([await send(sign('es', 'rsa')), await send(sign('second', 'rsa'))]).toEqual(['none', 'none']);
      feed.deny({ dimension: 'key', issuer, value: kid });
      await dependencies.clock.advance(0);
      expect([await send(sign('es', 'rsa')), await send(sign('second', 'rsa'))]).toEqual([
        'revoked_key',
        'revoked_key',
      ]);
    },
  );
});

describe('given an issuer that is down', () => {
  it('accepts tokens with a known kid below the hard age, and answers 503 from it on', async () => {
    const { server, dependencies, verifier, sign, send } = await open();
    server.up = false;
    const stepMs = softAgeMs / 2;
    for (let downMs = 0; downMs + stepMs < hardAgeMs; downMs += stepMs) {
      await dependencies.clock.advance(stepMs);
      const token = sign('es');
      expect([await send(token), await send(token)]).toEqual(['none', 'none']);
    }
    expect(verifier.status().issuers[0]?.keys.state).toBe('stale');
    const known = sign('es');
    expect(await send(known)).toBe('none');

    await dependencies.clock.advance(stepMs);
    expect(verifier.status().issuers[0]?.keys.state).toBe('expired');
    expect([await send(known), await send(sign('es'))]).toEqual(['jwks_unavailable', 'jwks_unavailable']);

    server.up = true;
    await dependencies.clock.advance(60_000);
    expect([await send(known), await send(sign('es'))]).toEqual(['none', 'none']);
  });
});
