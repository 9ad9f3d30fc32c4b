import { setImmediate as settle } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { KeySetCache } from '../../src/jwks/key-set-cache.ts';
import type { KeyLookup, KeySourceObserver } from '../../src/jwks/key-source.ts';
import { parseKeySet } from '../../src/jwks/parse-key-set.ts';
import { processQuestions } from '../../src/jwks/process-questions.ts';
import { TokenBucket } from '../../src/jwks/token-bucket.ts';
import type { KeySetLimits } from '../../src/options/key-set-options.ts';
import { defaultKeySetLimits } from './default-limits.ts';
import { mintEcKey } from './minted-keys.ts';
import { failed, loaded, ScriptedLoads } from './scripted-loads.ts';

const one = mintEcKey({ kid: 'one' }).jwk;
const two = mintEcKey({ kid: 'two' }).jwk;
const three = mintEcKey({ kid: 'three' }).jwk;
const { softAgeMs, hardAgeMs, fetchTimeoutMs, minSoftAgeMs, unknownKidIntervalMs, negativeKidMs } = defaultKeySetLimits;

function keyOf(jwk: unknown) {
  const parsed = parseKeySet({ keys: [jwk] }, 1);
  return parsed.ok ? parsed.keySet.keys[0] : undefined;
}
const identityOf = (jwk: unknown) => keyOf(jwk)?.identity ?? '';
const thumbprintOf = (jwk: unknown) => keyOf(jwk)?.thumbprint;

/** A cache over scripted loads. Without jitter: pauses after failures are 1, 2, 4 … 60 s. */
function open(limits: Partial<KeySetLimits> = {}, { random = (): number => 1, questions = processQuestions() } = {}) {
  const clock = new FakeClock();
  const loads = new ScriptedLoads();
  const lookedUp: string[] = [];
  const fetched: string[] = [];
  const held: number[] = [];
  const observer: KeySourceObserver = {
    keyLookedUp: (result) => lookedUp.push(result),
    keySetFetched: ({ result }) => fetched.push(result),
    keysHeld: (count) => held.push(count),
  };
  const cache = new KeySetCache({
    load: loads.load,
    clock,
    random,
    limits: { ...defaultKeySetLimits, ...limits },
    observer,
    questions,
  });
  const find = (kid: string) => cache.findKey({ kid, alg: 'ES256' });
  return { cache, clock, loads, find, lookedUp, fetched, held };
}

/** A cache that holds these keys, asked for just now. */
async function openWarm(
  keys: readonly unknown[] = [one],
  limits: Partial<KeySetLimits> = {},
  given: Parameters<typeof open>[1] = {},
) {
  const opened = open(limits, given);
  const ready = opened.cache.prefetch();
  opened.loads.last.answer(loaded(keys, { validator: { url: 'https://issuer.example/jwks', etag: '"1"' } }));
  expect(await ready).toBe(true);
  return opened;
}

const name = (lookup: KeyLookup) => (lookup.outcome === 'found' ? lookup.key.kid : lookup.reason);
async function answer(lookup: KeyLookup | Promise<KeyLookup>) {
  return name(await lookup);
}
/** The answer if it is there at once. */
const now = (lookup: KeyLookup | Promise<KeyLookup>) => (lookup instanceof Promise ? 'waits' : name(lookup));

describe('given a cold key set cache', () => {
  it('starts no load before the first look-up', () => {
    const { loads, cache } = open();
    expect(loads.count).toBe(0);
    expect(cache.status()).toMatchObject({ state: 'cold', keys: 0, consecutiveFailures: 0, retryAfterMs: 0 });
  });

  it('serves 200 concurrent look-ups with one load', async () => {
    const { loads, find } = open();
    const lookups = Array.from({ length: 200 }, () => find('one'));
    expect(loads.count).toBe(1);
    loads.last.answer(loaded([one]));
    for (const lookup of lookups) expect(await answer(lookup)).toBe('one');
    expect(loads.count).toBe(1);
    expect(now(find('one'))).toBe('one');
  });

  it('is unavailable while the issuer fails, and fails at once during the pause', async () => {
    const { loads, find, clock } = open();
    const first = find('one');
    loads.last.answer(failed('network'));
    expect(await first).toEqual({ outcome: 'unavailable', reason: 'jwks_unavailable' });
    await clock.advance(999);
    expect(find('one')).toEqual({ outcome: 'unavailable', reason: 'jwks_unavailable' });
    expect(loads.count).toBe(1);
    await clock.advance(1);
    expect(now(find('one'))).toBe('waits');
    expect(loads.count).toBe(2);
  });

  it('pauses longer with each failure up to a minute, and not at all after a success', async () => {
    const { loads, cache, clock } = open();
    const pauses: number[] = [];
    for (let failure = 1; failure <= 8; failure += 1) {
      const ready = cache.prefetch();
      loads.last.answer(failed('bad_status'));
      expect(await ready).toBe(false);
      pauses.push(cache.status().retryAfterMs);
      await clock.advance(cache.status().retryAfterMs);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(cache.status().consecutiveFailures).toBe(8);
    const ready = cache.prefetch();
    loads.last.answer(loaded([one]));
    expect(await ready).toBe(true);
    expect(cache.status()).toMatchObject({ state: 'fresh', consecutiveFailures: 0, retryAfterMs: 0 });
  });

  it('pauses for a random time', async () => {
    const { loads, cache } = open({}, { random: () => 0.25 });
    const ready = cache.prefetch();
    loads.last.answer(failed('bad_status'));
    await ready;
    expect(cache.status().retryAfterMs).toBe(250);
  });

  it('is unavailable, not empty, when the issuer publishes no usable key', async () => {
    const { loads, find, cache } = open();
    const lookup = find('one');
    loads.last.answer(loaded([]));
    expect(await answer(lookup)).toBe('jwks_unavailable');
    expect(cache.status()).toMatchObject({ state: 'cold', lastError: { code: 'no_usable_keys' } });
  });

  it('rejects a kid that the first load, started for it, did not find', async () => {
    const { loads, find } = open();
    const lookup = find('absent');
    loads.last.answer(loaded([one]));
    expect(await answer(lookup)).toBe('unknown_kid');
    expect(loads.count).toBe(1);
  });

  it('starts one more load for a kid first seen during the first load', async () => {
    const { loads, find } = open();
    const early = find('one');
    const late = find('two');
    loads.last.answer(loaded([one]));
    expect(await answer(early)).toBe('one');
    await settle();
    expect(loads.count).toBe(2);
    loads.last.answer(loaded([one, two]));
    expect(await answer(late)).toBe('two');
  });

  it('finds the only key for a token without kid when the set is loaded', async () => {
    const { loads, cache } = open();
    const lookup = cache.findKey({ alg: 'ES256' });
    loads.last.answer(loaded([one]));
    expect(await answer(lookup)).toBe('one');
    expect(now(cache.findKey({ alg: 'RS256' }))).toBe('missing_kid');
  });

  it('is unavailable after a load that rejects', async () => {
    const { loads, find, cache } = open();
    const lookup = find('one');
    loads.last.reject(new Error('with https://user:secret@issuer.example/ in it'));
    expect(await answer(lookup)).toBe('jwks_unavailable');
    expect(cache.status().lastError?.code).toBe('internal_error');
  });

  it('is unavailable after a load that throws', async () => {
    const clock = new FakeClock();
    const load = () => {
      throw new Error('synchronously');
    };
    const cache = new KeySetCache({
      load,
      clock,
      random: () => 1,
      limits: defaultKeySetLimits,
      observer: {},
      questions: processQuestions(),
    });
    expect(await cache.prefetch()).toBe(false);
    expect(cache.status().lastError?.code).toBe('internal_error');
  });
});

describe('given a load that does not settle', () => {
  it('waits below the deadline and fails at it', async () => {
    const { loads, find, clock, cache } = open();
    let settled = false;
    const lookup = Promise.resolve(find('one')).finally(() => {
      settled = true;
    });
    await clock.advance(fetchTimeoutMs - 1);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(settled).toBe(true);
    expect(await answer(lookup)).toBe('jwks_unavailable');
    expect(loads.last.signal.aborted).toBe(true);
    expect(cache.status().lastError?.code).toBe('timeout');
  });

  it('does not overwrite the set of a later load with its late result', async () => {
    const { loads, cache, clock, find } = open();
    const first = cache.prefetch();
    await clock.advance(fetchTimeoutMs);
    expect(await first).toBe(false);
    await clock.advance(1_000);
    const second = cache.prefetch();
    loads.at(1).answer(loaded([two]));
    expect(await second).toBe(true);
    loads.at(0).answer(loaded([one]));
    await settle();
    expect(now(find('two'))).toBe('two');
    expect(cache.status().keys).toBe(1);
  });

  it('leaves no timer behind when the load settles in time', async () => {
    const { clock } = await openWarm();
    expect(clock.sleeping).toBe(0);
  });
});

describe('given an aging set', () => {
  it('is fresh below the soft age, and refreshed in the background at it', async () => {
    const { find, loads, clock, cache } = await openWarm();
    await clock.advance(softAgeMs - 1);
    expect([now(find('one')), cache.status().state, loads.count]).toEqual(['one', 'fresh', 1]);
    await clock.advance(1);
    expect([now(find('one')), cache.status().state, loads.count]).toEqual(['one', 'stale', 2]);
    expect([now(find('one')), loads.count]).toEqual(['one', 2]);
    loads.last.answer(loaded([one, two]));
    await settle();
    expect([now(find('two')), cache.status().state, loads.count]).toEqual(['two', 'fresh', 2]);
  });

  it('is refreshed by hits of the token cache too', async () => {
    const { cache, loads, clock } = await openWarm();
    await clock.advance(softAgeMs);
    expect(cache.trusts(identityOf(one))).toBe(true);
    expect(loads.count).toBe(2);
  });

  it('measures its age from the start of the request, not from the answer', async () => {
    const { cache, clock, loads } = open();
    const ready = cache.prefetch();
    await clock.advance(2_000);
    loads.last.answer(loaded([one]));
    await ready;
    expect(cache.status().ageMs).toBe(2_000);
  });

  it('answers while refreshes fail below the hard age, and no longer at it', async () => {
    const { find, loads, clock, cache } = await openWarm();
    await clock.advance(softAgeMs);
    for (let at = softAgeMs; at < hardAgeMs; at += 100_000) {
      expect(now(find('one'))).toBe('one');
      loads.last.answer(failed('bad_status'));
      await clock.advance(100_000);
    }
    // The last steps land exactly on the hard age.
    expect(cache.status().ageMs).toBe(hardAgeMs);
    expect(cache.status().state).toBe('expired');
    expect(cache.trusts(identityOf(one))).toBe(false);
    const lookup = find('one');
    loads.last.answer(failed('network'));
    expect(await answer(lookup)).toBe('jwks_unavailable');
  });

  it('is used one millisecond before the hard age', async () => {
    const { find, clock, cache } = await openWarm();
    await clock.advance(hardAgeMs - 1);
    expect([now(find('one')), cache.trusts(identityOf(one))]).toEqual(['one', true]);
  });

  it('is fresh again after the next successful load, for which look-ups wait', async () => {
    const { find, loads, clock, cache } = await openWarm();
    await clock.advance(hardAgeMs);
    const lookup = find('one');
    expect(now(lookup)).toBe('waits');
    loads.last.answer(loaded([one]));
    expect(await answer(lookup)).toBe('one');
    expect(cache.status().state).toBe('fresh');
  });

  it('starts one background refresh at a time and none during the pause after a failure', async () => {
    const { find, loads, clock } = await openWarm();
    await clock.advance(softAgeMs);
    for (let at = 0; at < 100; at += 1) void find('one');
    expect(loads.count).toBe(2);
    loads.last.answer(failed('timeout'));
    await settle();
    for (let at = 0; at < 100; at += 1) void find('one');
    expect(loads.count).toBe(2);
    await clock.advance(1_000);
    void find('one');
    expect(loads.count).toBe(3);
  });

  it('sends the validator of the held set and counts "not modified" as a success', async () => {
    const { find, loads, clock, cache, fetched } = await openWarm();
    expect(loads.at(0).validator).toBeUndefined();
    const { lastChangeAtMs } = cache.status();
    await clock.advance(softAgeMs);
    void find('one');
    expect(loads.last.validator).toEqual({ url: 'https://issuer.example/jwks', etag: '"1"' });
    loads.last.answer({ result: 'not_modified' });
    await settle();
    expect(cache.status()).toMatchObject({ state: 'fresh', ageMs: 0, keys: 1, lastChangeAtMs });
    expect(fetched).toEqual(['loaded', 'not_modified']);
    await clock.advance(softAgeMs);
    void find('one');
    expect(loads.last.validator).toEqual({ url: 'https://issuer.example/jwks', etag: '"1"' });
  });

  it('stays cold after "not modified" without a held set', async () => {
    const { cache, loads } = open();
    const ready = cache.prefetch();
    loads.last.answer({ result: 'not_modified' });
    expect(await ready).toBe(false);
    expect(cache.status().state).toBe('cold');
  });
});

describe('given a max-age from the issuer', () => {
  it.each([
    ['below the lower bound', 0, minSoftAgeMs],
    ['just below the lower bound', minSoftAgeMs - 1, minSoftAgeMs],
    ['at the lower bound', minSoftAgeMs, minSoftAgeMs],
    ['between the bounds', 120_000, 120_000],
    ['at the soft age', softAgeMs, softAgeMs],
    ['above the soft age', 86_400_000, softAgeMs],
  ])('%s: %d ms make the set stale after %d ms', async (_title, maxAgeMs, staleAfterMs) => {
    const { cache, clock, loads } = open();
    const ready = cache.prefetch();
    loads.last.answer(loaded([one], { maxAgeMs }));
    await ready;
    await clock.advance(staleAfterMs - 1);
    expect(cache.status().state).toBe('fresh');
    await clock.advance(1);
    expect(cache.status().state).toBe('stale');
  });
});

describe('given keys that change', () => {
  async function refreshTo(keys: readonly unknown[], from: readonly unknown[] = [one, two]) {
    const opened = await openWarm(from);
    await opened.clock.advance(softAgeMs);
    void opened.find('one');
    opened.loads.last.answer(loaded(keys));
    await settle();
    return opened;
  }

  it('stops trusting a removed key at once', async () => {
    const { cache, find, loads } = await refreshTo([two]);
    expect(cache.trusts(identityOf(one))).toBe(false);
    expect(cache.trusts(identityOf(two))).toBe(true);
    const lookup = find('one');
    loads.last.answer(loaded([two]));
    expect(await answer(lookup)).toBe('unknown_kid');
  });

  it('stops trusting the old material of a kid with new material', async () => {
    const renewed = { ...three, kid: 'one' };
    const { cache, find } = await refreshTo([renewed, two]);
    expect(cache.trusts(identityOf(one))).toBe(false);
    expect(find('one')).toMatchObject({ outcome: 'found', key: { thumbprint: thumbprintOf(three) } });
  });

  it('keeps trusting the old keys when keys are only added', async () => {
    const { cache, held } = await refreshTo([one, two, three]);
    expect({ held, trusted: [one, two, three].map((jwk) => cache.trusts(identityOf(jwk))) }).toEqual({
      held: [2, 3],
      trusted: [true, true, true],
    });
  });

  it.each([
    ['an empty set', loaded([])],
    ['a set without usable keys', loaded([null, { kty: 'oct', k: 'AA' }])],
    ['no key set', failed('not_a_key_set')],
    ['a set that is too large', failed('too_many_keys')],
    ['no JSON', failed('bad_json')],
  ])('never trades good keys for %s', async (_title, load) => {
    const { cache, loads, clock, find } = await openWarm([one]);
    await clock.advance(softAgeMs);
    void find('one');
    loads.last.answer(load);
    await settle();
    expect({ found: now(find('one')), keys: cache.status().keys }).toEqual({ found: 'one', keys: 1 });
    expect(cache.status()).toMatchObject({ state: 'stale', consecutiveFailures: 1 });
  });

  it('keeps working after an observer throws', async () => {
    const clock = new FakeClock();
    const loads = new ScriptedLoads();
    const observer: KeySourceObserver = {
      keysHeld: () => {
        throw new Error('a bug elsewhere');
      },
    };
    const cache = new KeySetCache({
      load: loads.load,
      clock,
      random: () => 1,
      limits: defaultKeySetLimits,
      observer,
      questions: processQuestions(),
    });
    void cache.prefetch();
    loads.last.answer(loaded([one]));
    await settle();
    expect(now(cache.findKey({ kid: 'one', alg: 'ES256' }))).toBe('one');
    await clock.advance(softAgeMs);
    void cache.findKey({ kid: 'one', alg: 'ES256' });
    expect(loads.count).toBe(2);
  });
});

describe('given a kid that the held set does not have', () => {
  it('starts a refresh and finds the rotated key', async () => {
    const { find, loads } = await openWarm();
    const lookup = find('two');
    expect(now(lookup)).toBe('waits');
    loads.last.answer(loaded([one, two]));
    expect(await answer(lookup)).toBe('two');
  });

  it('answers unknown_kid only after a successful refresh', async () => {
    const { find, loads, clock } = await openWarm();
    const first = find('absent');
    loads.last.answer(failed('bad_status'));
    expect(await first).toEqual({ outcome: 'unavailable', reason: 'jwks_unavailable' });
    expect(await answer(find('absent'))).toBe('jwks_unavailable');
    expect(loads.count).toBe(2);
    await clock.advance(1_000);
    const second = find('absent');
    loads.last.answer(loaded([one]));
    expect(await answer(second)).toBe('unknown_kid');
  });

  it('does not reject a kid for a refresh that started before the kid was seen', async () => {
    const { find, loads, clock } = await openWarm();
    await clock.advance(softAgeMs);
    void find('one');
    expect(loads.count).toBe(2);
    // Written by the issuer before it rotated; the token with the new kid arrives while the answer is on its way.
    const rotated = find('two');
    loads.at(1).answer(loaded([one]));
    await settle();
    expect(loads.count).toBe(3);
    loads.at(2).answer(loaded([one, two]));
    expect(await answer(rotated)).toBe('two');
  });

  it('accepts a key from a refresh that started before', async () => {
    const { find, loads, clock } = await openWarm();
    await clock.advance(softAgeMs);
    void find('one');
    const lookup = find('two');
    loads.at(1).answer(loaded([one, two]));
    expect(await answer(lookup)).toBe('two');
    expect(loads.count).toBe(2);
  });

  it('rejects it without a refresh below the lifetime, and refreshes again at it', async () => {
    const { find, loads, clock } = await openWarm();
    const first = find('absent');
    loads.last.answer(loaded([one]));
    await first;
    await clock.advance(negativeKidMs - 1);
    expect([now(find('absent')), loads.count]).toEqual(['unknown_kid', 2]);
    await clock.advance(1);
    expect([now(find('absent')), loads.count]).toEqual(['waits', 3]);
  });

  it('refreshes again after the next successful refresh', async () => {
    const { find, loads } = await openWarm();
    const first = find('absent');
    loads.last.answer(loaded([one]));
    await first;
    const other = find('two');
    loads.last.answer(loaded([one, two]));
    await other;
    expect([now(find('absent')), loads.count]).toEqual(['waits', 4]);
  });

  it('may cause three refreshes at once and one more after ten seconds', async () => {
    const { find, loads, clock } = await openWarm();
    for (const kid of ['a', 'b', 'c']) {
      const lookup = find(kid);
      loads.last.answer(loaded([one]));
      expect(await answer(lookup)).toBe('unknown_kid');
    }
    expect(loads.count).toBe(4);
    expect(await find('d')).toEqual({
      outcome: 'unavailable',
      reason: 'unknown_kid_throttled',
      retryAfterMs: unknownKidIntervalMs + fetchTimeoutMs,
    });
    await clock.advance(unknownKidIntervalMs - 1);
    expect(await find('d')).toMatchObject({ reason: 'unknown_kid_throttled', retryAfterMs: 1 + fetchTimeoutMs });
    expect(loads.count).toBe(4);
    await clock.advance(1);
    expect(now(find('d'))).toBe('waits');
    expect(loads.count).toBe(5);
  });

  it('is looked for as soon as the budget allows, without another token that names it', async () => {
    const { cache, find, loads, clock } = await openWarm([one], { unknownKidBurst: 1 });
    const first = find('absent');
    loads.last.answer(loaded([one]));
    await first;
    expect(await answer(find('two'))).toBe('unknown_kid_throttled');
    // One refresh for all kids that wait.
    expect(await answer(find('three'))).toBe('unknown_kid_throttled');
    await clock.advance(unknownKidIntervalMs - 1);
    expect(loads.count).toBe(2);
    await clock.advance(1);
    expect(loads.count).toBe(3);
    loads.last.answer(loaded([one, two]));
    await settle();
    expect({ two: now(find('two')), three: now(find('three')) }).toEqual({ two: 'two', three: 'unknown_kid' });
    cache.close();
    expect(clock.sleeping).toBe(0);
  });

  it('causes no later refresh when another one has answered for it meanwhile', async () => {
    const limits = { unknownKidBurst: 1, softAgeMs: 1_000, minSoftAgeMs: 1_000 };
    const { find, loads, clock } = await openWarm([one], limits);
    const first = find('absent');
    loads.last.answer(loaded([one]));
    await first;
    expect(await answer(find('two'))).toBe('unknown_kid_throttled');
    await clock.advance(1_000);
    void find('one');
    loads.last.answer(loaded([one]));
    await settle();
    expect(now(find('two'))).toBe('unknown_kid');
    await clock.advance(unknownKidIntervalMs - 1_000);
    expect(loads.count).toBe(3);
  });

  it('is not looked for by a closed cache', async () => {
    const { cache, find, loads, clock } = await openWarm([one], { unknownKidBurst: 1 });
    const first = find('absent');
    loads.last.answer(loaded([one]));
    await first;
    await find('two');
    cache.close();
    await clock.advance(unknownKidIntervalMs);
    expect({ loads: loads.count, sleeping: clock.sleeping }).toEqual({ loads: 2, sleeping: 0 });
  });

  it('is not looked for while the budget of the process is spent, and is looked for afterwards', async () => {
    const questions = new TokenBucket({ burst: 1, intervalMs: 60_000 });
    const { find, loads, clock } = await openWarm([one], {}, { questions });
    const first = find('absent');
    loads.last.answer(loaded([one]));
    await first;
    expect(await find('two')).toMatchObject({
      reason: 'unknown_kid_throttled',
      retryAfterMs: 60_000 + fetchTimeoutMs,
    });
    await clock.advance(59_999);
    expect(loads.count).toBe(2);
    await clock.advance(1);
    expect(loads.count).toBe(3);
  });

  it('takes no token from the bucket during the pause after a failure', async () => {
    const { find, loads, clock } = await openWarm([one], { unknownKidBurst: 2 });
    const first = find('a');
    loads.last.answer(failed('network'));
    await first;
    for (let at = 0; at < 10; at += 1) expect(await answer(find('a'))).toBe('jwks_unavailable');
    await clock.advance(1_000);
    void find('a');
    expect(loads.count).toBe(3);
  });

  it.each([
    ['a kid that the issuer lists for something else', { kid: 'enc', alg: 'ES256' }, 'key_not_usable'],
    ['an algorithm that the key is not bound to', { kid: 'one', alg: 'RS256' }, 'alg_not_allowed'],
    ['no kid when two keys fit', { alg: 'ES256' }, 'missing_kid'],
  ])('causes no refresh for %s', async (_title, query, reason) => {
    const { cache, loads } = await openWarm([one, two, { ...three, kid: 'enc', use: 'enc' }]);
    expect(now(cache.findKey(query))).toBe(reason);
    expect(loads.count).toBe(1);
  });
});

describe('given a flood of 1000 random kids at once', () => {
  it('refreshes within the budget, answers every look-up, and answers for known kids synchronously', async () => {
    const { find, loads } = await openWarm();
    const flood = Array.from({ length: 1_000 }, (_, at) => find(`random-${at}`));
    for (let answered = 1; answered < loads.count || answered === 1; answered += 1) {
      expect(now(find('one'))).toBe('one');
      loads.at(answered).answer(loaded([one]));
      await settle();
    }
    const reasons = await Promise.all(flood.map(answer));
    expect(new Set(reasons)).toEqual(new Set(['unknown_kid']));
    expect(loads.count - 1).toBeLessThanOrEqual(defaultKeySetLimits.unknownKidBurst);
    expect(now(find('one'))).toBe('one');
  });

  it('starts at most one refresh per ten seconds after the burst, and still finds a rotated key', async () => {
    const { find, loads, clock } = await openWarm();
    let serial = 0;
    const wave = () => Array.from({ length: 100 }, () => find(`random-${serial++}`));
    const answerAll = async (keys: readonly unknown[]) => {
      await settle();
      loads.last.answer(loaded(keys));
      await settle();
      loads.last.answer(loaded(keys));
      await settle();
    };
    for (let second = 0; second < 60; second += 1) {
      wave();
      await answerAll([one]);
      expect(now(find('one'))).toBe('one');
      await clock.advance(1_000);
    }
    expect(loads.count - 1).toBeLessThanOrEqual(3 + 6);

    let foundAfterSeconds = -1;
    for (let second = 0; second <= 11 && foundAfterSeconds < 0; second += 1) {
      wave();
      const rotated = find('two');
      await answerAll([one, two]);
      if ((await answer(rotated)) === 'two') foundAfterSeconds = second;
      await clock.advance(1_000);
    }
    expect(foundAfterSeconds).toBeGreaterThanOrEqual(0);
    expect(foundAfterSeconds).toBeLessThanOrEqual(10);
  });
});

describe('the status of a key set cache', () => {
  it('has a time for each stage', async () => {
    const { cache, clock, loads, find } = await openWarm([one, null]);
    const t0 = clock.wallMs();
    expect(cache.status()).toEqual({
      state: 'fresh',
      ageMs: 0,
      keys: 1,
      skipped: { malformed: 1, private: 0, symmetric: 0, other_use: 0, unsupported: 0, weak: 0, oversized: 0 },
      lastAttemptAtMs: t0,
      lastSuccessAtMs: t0,
      lastChangeAtMs: t0,
      consecutiveFailures: 0,
      retryAfterMs: 0,
    });
    await clock.advance(softAgeMs);
    void find('one');
    await clock.advance(10);
    loads.last.answer(failed('redirect'));
    await settle();
    expect(cache.status()).toMatchObject({
      state: 'stale',
      lastAttemptAtMs: t0 + softAgeMs,
      lastSuccessAtMs: t0,
      lastChangeAtMs: t0,
      lastError: { code: 'redirect', atMs: t0 + softAgeMs + 10 },
      consecutiveFailures: 1,
      retryAfterMs: 1_000,
    });
  });

  it('calls the observer once for each look-up', async () => {
    const { find, loads, lookedUp, fetched, cache } = open();
    const first = find('one');
    loads.last.answer(loaded([one]));
    await first;
    void find('one');
    void cache.findKey({ kid: 'one', alg: 'RS256' });
    const unknown = find('absent');
    loads.last.answer(failed('too_large'));
    await unknown;
    expect(lookedUp).toEqual(['found', 'found', 'alg_not_allowed', 'jwks_unavailable']);
    expect(fetched).toEqual(['loaded', 'too_large']);
  });
});

describe('given a closed key set cache', () => {
  it('ends waiting look-ups, aborts the load, ignores its result and starts no other', async () => {
    const { cache, loads, find, clock } = open();
    const lookup = find('one');
    cache.close();
    expect(await answer(lookup)).toBe('jwks_unavailable');
    expect(loads.last.signal.aborted).toBe(true);
    loads.last.answer(loaded([one]));
    await settle();
    expect(now(find('one'))).toBe('jwks_unavailable');
    expect(loads.count).toBe(1);
    expect(cache.status()).toMatchObject({ state: 'closed', keys: 0, consecutiveFailures: 0 });
    expect(clock.sleeping).toBe(0);
  });

  it('still answers for the keys it holds', async () => {
    const { cache, find, clock, loads } = await openWarm();
    cache.close();
    await clock.advance(softAgeMs);
    expect([now(find('one')), loads.count]).toEqual(['one', 1]);
    expect(await answer(find('two'))).toBe('jwks_unavailable');
  });
});
