import { describe, expect, it } from '@jest/globals';
import { Backoff, Denylist, digestOf } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import fc from 'fast-check';
import { checkProofTime } from '../../src/binding/dpop-proof.ts';
import { Nonces } from '../../src/binding/nonces.ts';
import { ProofMemory } from '../../src/binding/replay-store.ts';
import { RefusalLog } from '../../src/gate/refusal-log.ts';
import { requiredStepUp } from '../../src/gate/requirement.ts';
import { IssuerResolver } from '../../src/issuers/issuer-resolver.ts';
import { policyOf } from '../../src/issuers/trusted-issuer.ts';
import { createDocumentFetcher } from '../../src/jwks/fetch-key-set.ts';
import { KeySetCache } from '../../src/jwks/key-set-cache.ts';
import { NegativeKids } from '../../src/jwks/negative-kids.ts';
import { parseKeySet } from '../../src/jwks/parse-key-set.ts';
import { processQuestions } from '../../src/jwks/process-questions.ts';
import { TokenBucket } from '../../src/jwks/token-bucket.ts';
import type { KeySetLimits } from '../../src/options/key-set-options.ts';
import { resolveOptions, type VerifierOptions } from '../../src/options/options.ts';
import { readBearer } from '../../src/token/bearer.ts';
import { checkAge, checkExpiry, checkIssuedAt, checkLifetime, checkNotBefore } from '../../src/token/claims.ts';
import { TokenCache } from '../../src/token/token-cache.ts';
import { ImpossibleTravelDetector } from '../../src/usage/impossible-travel-detector.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import { FakeFeed } from '../fake-feed.ts';
import { forge, publicJwk } from '../forge.ts';
import { defaultKeySetLimits } from '../jwks/default-limits.ts';
import { loaded } from '../jwks/scripted-loads.ts';
import { openStreams } from '../streams/stream-world.ts';
import { testDependencies } from '../test-dependencies.ts';
import { usualClaims } from '../verification-table.ts';
import { numberOptions } from './option-tables.ts';

/** Draws a number, the same in each run of one case. */
type Draw = (min: number, max: number) => number;

interface Effect {
  /** What grows with the option, or never grows. */
  readonly more?: string;
  readonly fewer?: string;
  /** Values above are like this one, and slow. */
  readonly upTo?: number;
  readonly measure: (value: number, draw: Draw) => number | Promise<number>;
}

const { iss: issuer, aud: audience } = usualClaims;
const jwks = { keys: [publicJwk('es')] };
const second = 1000;

/** The policy of the options, as a verifier has it. */
function policyWith(options: Partial<VerifierOptions>) {
  const resolved = resolveOptions({ issuer, audience, jwks, ...options });
  return policyOf(resolved.issuers[0]!, resolved);
}

const count = (...found: readonly boolean[]) => found.filter(Boolean).length;

/** Times in order, at most `span` apart. */
const timesOf = (draw: Draw, span: number, length = 20) => {
  let at = 0;
  return Array.from({ length }, () => (at += draw(0, span)));
};

/** How many refreshes a key set has, and whether it can be used at the end. */
async function keySetWith(
  limits: Partial<KeySetLimits>,
  gapsMs: readonly number[],
  load: { failsAfter?: number; maxAgeMs?: number; takesMs?: number },
) {
  const clock = new FakeClock();
  let loads = 0;
  const cache = new KeySetCache({
    load: async () => {
      loads += 1;
      if (load.takesMs !== undefined) await clock.sleep(load.takesMs);
      if (load.failsAfter !== undefined && loads > load.failsAfter) return { result: 'failed', code: 'network' };
      return loaded(jwks.keys, { maxAgeMs: load.maxAgeMs });
    },
    clock,
    random: () => 0,
    limits: { ...defaultKeySetLimits, ...limits },
    observer: {},
    questions: processQuestions(),
  });
  const first = cache.prefetch();
  await clock.advance(load.takesMs === undefined ? 0 : 60_000);
  await first;
  for (const gapMs of gapsMs) {
    await clock.advance(gapMs);
    cache.trusts('any');
    await clock.advance(0);
  }
  const { state } = cache.status();
  cache.close();
  return { loads, usable: Number(state === 'fresh' || state === 'stale') };
}

/** How often a hook is called for issuers, and how many are trusted at the end. */
async function resolverWith(
  options: object,
  visits: readonly (readonly [gapMs: number, issuer: number])[],
  hook: { takesMs?: number; trusts?: boolean } = {},
) {
  const clock = new FakeClock();
  let calls = 0;
  let trusted = 0;
  const resolver = new IssuerResolver({
    resolver: {
      maxEntries: 1000,
      maxAgeMs: 300_000,
      refusedMs: 10_000,
      timeoutMs: 3000,
      alias: 'resolved',
      ...options,
      describe: async (name) => {
        calls += 1;
        if (hook.takesMs !== undefined) await clock.sleep(hook.takesMs);
        return hook.trusts === false ? undefined : ({ issuer: name } as never);
      },
    },
    clock,
    hardAgeMs: 604_800_000,
    allowHttp: false,
    questions: new TokenBucket({ burst: 1_000_000, intervalMs: 1 }),
    observer: {},
    open: (described) => ({ issuer: { issuer: described.issuer } as never, close() {} }),
  });
  for (const [gapMs, number] of visits) {
    await clock.advance(gapMs);
    const lookup = resolver.find(`https://t${number}.test/`);
    if (hook.takesMs !== undefined) await clock.advance(40_000);
    const found = await lookup;
    await clock.advance(0);
    if (found.outcome !== 'trusted') continue;
    found.issuer.proved?.();
    trusted += 1;
  }
  resolver.close();
  return { calls, trusted };
}

const token = forge({}, usualClaims);

/** 1 if a token is accepted. */
async function acceptedWith(revocation: (clock: FakeClock) => object, waitMs: number): Promise<number> {
  const dependencies = testDependencies();
  const { clock } = dependencies;
  const verifier = composeVerifier(
    { issuer, audience, jwks, logger: null, revocation: revocation(clock) },
    dependencies,
  );
  await clock.advance(0);
  const request = { headers: { authorization: `Bearer ${token}` } };
  await clock.advance(waitMs);
  const decision = verifier.verify(request);
  if (decision instanceof Promise) await clock.advance(2000);
  const { outcome } = await decision;
  await verifier.close();
  return Number(outcome === 'accepted');
}

function bucket(options: { burst: number; intervalMs: number }, times: readonly number[]): number {
  const held = new TokenBucket(options);
  return times.filter((at) => held.tryTake(at)).length;
}

function pauses(options: { firstMs: number; maxMs: number }, draw: Draw): number {
  const random = draw(0, 100) / 100;
  const backoff = new Backoff({ ...options, random: () => random });
  return Array.from({ length: draw(1, 12) }, () => backoff.nextMs()).reduce((sum, each) => sum + each, 0);
}

const modulus = (bits: number) => Buffer.alloc(bits / 8, 0xff).toString('base64url');

const effects: Readonly<Record<string, Effect>> = {
  clockToleranceMs: {
    more: 'tokens and proofs accepted',
    measure(value, draw) {
      const policy = policyWith({ clockToleranceMs: value, maxTokenAgeMs: 600 * second });
      const claims = { iat: 1000 + draw(-700, 400), nbf: 1000 + draw(-400, 400), exp: 1000 + draw(-400, 400) };
      const under = { claims, policy, nowMs: 1000 * second, header: { alg: 'ES256' } };
      const proof = {
        proof: { iat: claims.iat },
        policy: { clockToleranceMs: value, proofMaxAgeMs: 60_000 },
        nowMs: 1e6,
      };
      return count(
        ...[checkExpiry, checkNotBefore, checkAge, checkIssuedAt].map((check) => check(under) === undefined),
        checkProofTime(proof as never) === undefined,
      );
    },
  },
  iatToleranceMs: {
    more: 'tokens accepted',
    measure(value, draw) {
      const under = {
        claims: { iat: 1000 + draw(-10, 70) },
        nowMs: 1e6,
        logSkewMs: draw(0, 2) === 0 ? undefined : draw(0, 60_000),
      };
      return count(
        checkIssuedAt({ ...under, policy: policyWith({ iatToleranceMs: value }), header: { alg: 'x' } }) === undefined,
      );
    },
  },
  maxTokenAgeMs: {
    more: 'tokens accepted',
    measure(value, draw) {
      const claims = { iat: 1e9 - draw(0, 5000) };
      return count(checkAge({ claims, policy: policyWith({ maxTokenAgeMs: value }), nowMs: 1e12 }) === undefined);
    },
  },
  maxTokenLifetimeMs: {
    more: 'tokens accepted',
    async measure(value, draw) {
      const iat = usualClaims.iat;
      const dependencies = testDependencies();
      const feed = new FakeFeed(dependencies.clock, { maxTokenLifetimeSeconds: 3600 });
      const options = { issuer, audience, jwks, maxTokenLifetimeMs: value, revocation: { feed }, logger: null };
      const verifier = composeVerifier(options, dependencies);
      await dependencies.clock.advance(0);
      const text = forge({ claims: { iat, exp: iat + draw(60, 8000) } }, usualClaims);
      const { outcome } = await verifier.verify({ headers: { authorization: `Bearer ${text}` } });
      const claims = { iat: 1000, exp: 1000 + draw(1, 5_000_000) };
      const fits = checkLifetime({
        claims,
        policy: policyWith({ maxTokenLifetimeMs: value }),
        nowMs: 0,
        header: { alg: 'x' },
      });
      await verifier.close();
      return count(outcome === 'accepted', fits === undefined);
    },
  },
  maxTokenBytes: {
    more: 'tokens read',
    measure: (value, draw) =>
      count(
        readBearer({ headers: { authorization: `Bearer ${'a'.repeat(draw(1000, 66_000))}` } }, value).kind === 'token',
      ),
  },
  'tokenCache.maxEntries': {
    more: 'tokens kept',
    upTo: 30,
    measure(value, draw) {
      const cache = new TokenCache({ maxEntries: value, maxTokenBytes: 8192 });
      for (let use = 0; use < 60; use += 1) cache.remember(String(draw(0, 40)), { used: draw(0, 1) === 1 } as never);
      return cache.size;
    },
  },
  'watch.maxStreams': {
    more: 'streams watched',
    upTo: 30,
    measure(value, draw) {
      const { streams, token } = openStreams({ maxStreams: value });
      for (let count = draw(0, 40); count > 0; count -= 1) {
        if (streams.size < value) streams.watch(token());
        else expect(() => streams.watch(token())).toThrow('watch.maxStreams');
      }
      const { size } = streams;
      streams.close();
      return size;
    },
  },
  'logRefusals.perMinute': {
    more: 'lines written',
    upTo: 30,
    measure(value, draw) {
      const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
      const lines: string[] = [];
      const log = new RefusalLog({ clock, perMinute: value, logger: { info: (line) => void lines.push(line) } });
      for (const at of timesOf(draw, 9000, 60)) {
        clock.nowMs = at;
        log.note({ reason: 'expired', issuerAlias: 'a', reportOnly: false });
      }
      return lines.length;
    },
  },
  'keySet.softAgeMs': {
    fewer: 'refreshes',
    measure: async (value, draw) =>
      (await keySetWith({ softAgeMs: value, hardAgeMs: 604_800_000 }, gapsOf(draw), {})).loads,
  },
  'keySet.minSoftAgeMs': {
    fewer: 'refreshes',
    measure: async (value, draw) =>
      (await keySetWith({ minSoftAgeMs: value }, gapsOf(draw), { maxAgeMs: draw(0, 400_000) })).loads,
  },
  'keySet.hardAgeMs': {
    more: 'key sets usable',
    measure: async (value, draw) => (await keySetWith({ hardAgeMs: value }, gapsOf(draw), { failsAfter: 1 })).usable,
  },
  'keySet.fetchTimeoutMs': {
    more: 'key sets loaded',
    measure: async (value, draw) =>
      (await keySetWith({ fetchTimeoutMs: value }, [], { takesMs: draw(1, 31_000) })).usable,
  },
  'keySet.maxBytes': {
    more: 'documents read',
    upTo: 20_000,
    async measure(value, draw) {
      const body = '{}'.padEnd(draw(2, 21_000), ' ');
      const fetch = createDocumentFetcher({ maxBytes: value, fetch: async () => new Response(body) });
      const { result } = await fetch({ url: 'https://a.test/', signal: AbortSignal.timeout(10_000) });
      return count(result === 'loaded');
    },
  },
  'keySet.maxKeys': {
    more: 'key sets read',
    measure: (value, draw) => count(parseKeySet({ keys: [...jwks.keys, ...Array(draw(0, 1000))] }, value).ok),
  },
  'keySet.maxRsaBits': {
    more: 'keys used',
    measure: (value, draw) => {
      const n = modulus(8 * draw(256, 1030));
      return count(parseKeySet({ keys: [{ kty: 'RSA', n, e: 'AQAB' }] }, 1, value).ok);
    },
  },
  'keySet.backoffBaseMs': {
    more: 'milliseconds of pauses',
    measure: (value, draw) => pauses({ firstMs: value, maxMs: draw(60_000, 3_600_000) }, draw),
  },
  'keySet.backoffCapMs': {
    more: 'milliseconds of pauses',
    measure: (value, draw) => pauses({ firstMs: draw(100, 1000), maxMs: value }, draw),
  },
  'keySet.unknownKidBurst': {
    more: 'refreshes for unknown kids',
    measure: (value, draw) => bucket({ burst: value, intervalMs: draw(100, 20_000) }, timesOf(draw, 4000, 60)),
  },
  'keySet.unknownKidIntervalMs': {
    fewer: 'refreshes for unknown kids',
    measure: (value, draw) => bucket({ burst: draw(1, 10), intervalMs: value }, timesOf(draw, 4000, 60)),
  },
  'keySet.negativeKids': {
    more: 'kids refuted',
    upTo: 40,
    measure(value, draw) {
      const kids = new NegativeKids({ max: value, lifetimeMs: 1000 });
      const seen = Array.from({ length: 40 }, () => `k${draw(0, 60)}`);
      for (const kid of seen) kids.see(kid, 0);
      kids.settle(1, 0);
      return seen.filter((kid) => kids.isRefuted(kid, 1)).length;
    },
  },
  'keySet.negativeKidMs': {
    more: 'kids refuted',
    measure(value, draw) {
      const kids = new NegativeKids({ max: 10, lifetimeMs: value });
      kids.see('k', 0);
      kids.settle(1, 0);
      return count(kids.isRefuted('k', draw(0, 700_000)));
    },
  },
  'issuers.maxEntries': {
    fewer: 'calls of the hook',
    upTo: 8,
    measure: async (value, draw) =>
      (
        await resolverWith(
          { maxEntries: value },
          Array.from({ length: 25 }, () => [1, draw(0, 8)] as const),
        )
      ).calls,
  },
  'issuers.maxAgeMs': {
    fewer: 'calls of the hook',
    measure: async (value, draw) =>
      (
        await resolverWith(
          { maxAgeMs: value },
          gapsOf(draw).map((gap) => [gap, 1] as const),
        )
      ).calls,
  },
  'issuers.refusedMs': {
    fewer: 'calls of the hook',
    measure: async (value, draw) =>
      (
        await resolverWith(
          { refusedMs: value },
          gapsOf(draw).map((gap) => [gap, 1] as const),
          { trusts: false },
        )
      ).calls,
  },
  'issuers.timeoutMs': {
    more: 'issuers trusted',
    measure: async (value, draw) =>
      (await resolverWith({ timeoutMs: value }, [[0, 1]], { takesMs: draw(1, 31_000) })).trusted,
  },
  'revocation.maxStalenessMs': {
    more: 'tokens accepted',
    measure: (value, draw) =>
      acceptedWith(
        (clock) => {
          const feed = new FakeFeed(clock);
          void clock.sleep(1).then(() => feed.silence());
          return { feed, maxStalenessMs: value };
        },
        draw(0, 70_000),
      ),
  },
  'revocation.lookupTimeoutMs': {
    more: 'tokens accepted',
    measure(value, draw) {
      const takesMs = draw(0, 1100);
      const find = (clock: FakeClock) => () => clock.sleep(takesMs).then(() => ({ verdict: 'active' }) as const);
      return acceptedWith(
        (clock) => ({ feed: null, lookup: { find: find(clock), async close() {} }, lookupTimeoutMs: value }),
        0,
      );
    },
  },
  'revocation.maxRules': {
    more: 'rules held',
    upTo: 50,
    measure(value, draw) {
      const denylist = new Denylist({ maxRules: value });
      for (let change = 0; change < 50; change += 1) {
        const digest = digestOf({ dimension: 'token', issuer, value: `v${draw(0, 80)}` });
        const rule = { deniedUntil: 5, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 };
        denylist.merge({ digest, rule, loggedAtMs: 0, receivedAtMs: 0 } as never, 'union');
      }
      return denylist.size;
    },
  },
  'dpop.proofMaxAgeMs': {
    more: 'proofs accepted',
    measure(value, draw) {
      const proof = { iat: 1e6 - draw(-10, 700) };
      const policy = { proofMaxAgeMs: value, clockToleranceMs: 5000 };
      return count(checkProofTime({ proof, policy, nowMs: 1e9 } as never) === undefined);
    },
  },
  'dpop.nonceLifetimeMs': {
    more: 'nonces accepted',
    measure(value, draw) {
      const clock = { nowMs: 1e12 + draw(0, 9_999_999) };
      const nonces = new Nonces({ secret: 'secret', lifetimeMs: value, now: () => clock.nowMs });
      const nonce = nonces.current();
      clock.nowMs += draw(0, 4_000_000);
      return count(nonces.judge(nonce) !== 'bad');
    },
  },
  'dpop.maxReplays': {
    more: 'proofs accepted',
    upTo: 30,
    measure(value, draw) {
      const clock = { nowMs: 0 };
      const memory = new ProofMemory({ maxEntries: value, now: () => clock.nowMs });
      let taken = 0;
      for (let proof = 0; proof < 40; proof += 1) {
        taken += Number(memory.take({ name: `${proof}`, jkt: `k${draw(0, 3)}`, lifetimeMs: 1000 }) === 'first');
      }
      return taken;
    },
  },
  'usage.maxSpeedKmh': {
    fewer: 'suspicious uses',
    measure(value, draw) {
      const detector = new ImpossibleTravelDetector({ maxSpeedKmh: value, maxPlaces: 100 });
      return timesOf(draw, 3_600_000).filter(
        (at) => detector.see('key', { latitude: draw(-90, 90), longitude: draw(-180, 180) }, at) !== undefined,
      ).length;
    },
  },
  'usage.maxPlaces': {
    more: 'suspicious uses',
    upTo: 10,
    measure(value, draw) {
      const detector = new ImpossibleTravelDetector({ maxSpeedKmh: 1000, maxPlaces: value });
      return Array.from({ length: 40 }, () => `k${draw(0, 10)}`).filter(
        (key, at) =>
          detector.see(key, { latitude: draw(-90, 90), longitude: draw(-180, 180) }, at * 1000) !== undefined,
      ).length;
    },
  },
};

function gapsOf(draw: Draw): readonly number[] {
  return Array.from({ length: 10 }, () => draw(0, 100_000) * draw(1, 30));
}

/** Repeats a list of drawn numbers without end. */
function drawFrom(numbers: readonly number[]): Draw {
  let next = 0;
  return (min, max) => {
    const drawn = numbers[next % numbers.length] ?? 0;
    next += 1;
    return min + Math.floor(drawn * (max - min + 1));
  };
}

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a larger number', () => {
  it('has a stated effect for every option', () => {
    expect(Object.keys(effects).sort()).toEqual(numberOptions.map(([name]) => name).sort());
  });

  it.each(numberOptions)('of %s never has the opposite effect', async (name, row) => {
    const { more, fewer, upTo = row.max, measure } = effects[name]!;
    const [min, max] = [Math.min(row.min, upTo), upTo];
    // Small values are as likely as large ones.
    const value = fc
      .tuple(fraction, fc.constantFrom(1, 3, 9))
      .map(([part, power]) => min + Math.floor(part ** power * (max - min + 1)));
    const numbers = fc.array(fraction, { minLength: 64, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(value, value, numbers, async (one, other, drawn) => {
        const [less, greater] = [Math.min(one, other), Math.max(one, other)];
        const [before, after] = [await measure(less, drawFrom(drawn)), await measure(greater, drawFrom(drawn))];
        const opposite = more === undefined ? after > before : after < before;
        expect({ of: more ?? fewer, less, greater, before, after, opposite }).toMatchObject({ opposite: false });
      }),
      { numRuns: 60 },
    );
  });
});

it('of requireStepUp.maxAgeSeconds never asks more users to sign in again', () => {
  const seconds = fc.nat(31_536_000);
  fc.assert(
    fc.property(seconds, seconds, fc.nat(40_000_000), (one, other, ageSeconds) => {
      const passes = (maxAgeSeconds: number) =>
        requiredStepUp('stepUp', { maxAgeSeconds }).check({ claims: { auth_time: 0 } } as never, ageSeconds * 1000) ===
        undefined;
      const [less, greater] = [Math.min(one, other), Math.max(one, other)];
      expect(passes(less) && !passes(greater)).toBe(false);
    }),
  );
});
