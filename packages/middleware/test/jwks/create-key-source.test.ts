import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import {
  discoveryPaths,
  type StartTestIssuerOptions,
  startTestIssuer,
  type TestIssuer,
} from '@revocast/test-support/issuer';
import { until } from '@revocast/test-support/until';
import { compactVerify, exportJWK, generateKeyPair } from 'jose';
import { createKeySource } from '../../src/jwks/create-key-source.ts';
import { createDocumentFetcher } from '../../src/jwks/fetch-key-set.ts';
import type { KeyLookup, KeySource } from '../../src/jwks/key-source.ts';
import { processQuestions } from '../../src/jwks/process-questions.ts';
import { defaultKeySetLimits } from './default-limits.ts';

const { softAgeMs, hardAgeMs, fetchTimeoutMs, maxBytes } = defaultKeySetLimits;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A key source over real HTTP with a stepped clock: only sockets take real time. */
async function open({ discover = false, ...options }: StartTestIssuerOptions & { discover?: boolean } = {}) {
  const issuer: TestIssuer = await startTestIssuer(options);
  const clock = new FakeClock();
  const keys: KeySource = createKeySource({
    location: discover ? { issuer: issuer.issuer } : { jwksUri: issuer.jwksUri },
    clock,
    random: () => 1,
    fetchDocument: createDocumentFetcher({ maxBytes, dangerouslyAllowHttp: true }),
    limits: defaultKeySetLimits,
    questions: processQuestions(),
  });
  closing.push(
    () => keys.close(),
    () => issuer.close(),
  );
  const find = (kid: string) => keys.findKey({ kid, alg: 'ES256' });
  const fetches = () => issuer.requests.count('/jwks');
  /** Waits for the soft age, starts a refresh by a look-up of a known kid, and waits until the refresh has ended. */
  const refresh = async (kid: string) => {
    await clock.advance(softAgeMs);
    const { lastSuccessAtMs, lastError } = keys.status();
    const answer = find(kid);
    await until(
      () => {
        const status = keys.status();
        return status.lastSuccessAtMs !== lastSuccessAtMs || status.lastError !== lastError;
      },
      { what: 'the refresh to end' },
    );
    return answer;
  };
  return { issuer, clock, keys, find, fetches, refresh };
}

const name = (lookup: KeyLookup) => (lookup.outcome === 'found' ? lookup.key.kid : lookup.reason);
const answer = async (lookup: KeyLookup | Promise<KeyLookup>) => name(await lookup);
const now = (lookup: KeyLookup | Promise<KeyLookup>) => (lookup instanceof Promise ? 'waits' : name(lookup));

describe('a key source over HTTP', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'finds a key that jose verifies %s with',
    async (algorithm) => {
      const { issuer, keys } = await open({ algorithm });
      const token = await issuer.sign();
      const lookup = await keys.findKey({ kid: issuer.currentKey.kid, alg: algorithm });
      if (lookup.outcome !== 'found') throw new Error(lookup.reason);
      expect(lookup.key.algorithms).toContain(algorithm);
      await expect(compactVerify(token, lookup.key.key)).resolves.toMatchObject({
        protectedHeader: { alg: algorithm },
      });
    },
  );

  it('finds the key set through the metadata of the issuer', async () => {
    const { issuer, find } = await open({ discover: true, trailingSlash: true });
    expect(await answer(find('key-1'))).toBe('key-1');
    expect(issuer.requests.all.map(({ path }) => path)).toEqual([discoveryPaths[0], '/jwks']);
  });

  it('sends a conditional request, and stays fresh when the set is unchanged', async () => {
    const { issuer, keys, refresh, fetches } = await open();
    await keys.prefetch();
    expect(await answer(await refresh('key-1'))).toBe('key-1');
    expect([fetches(), keys.status().state, keys.status().keys]).toEqual([2, 'fresh', 1]);
    expect(issuer.requests.all.map(({ headers }) => headers['if-none-match'] !== undefined)).toEqual([false, true]);
  });

  it('serves 200 concurrent look-ups with one fetch', async () => {
    const { find, fetches } = await open();
    const lookups = await Promise.all(Array.from({ length: 200 }, () => answer(find('key-1'))));
    expect(new Set(lookups)).toEqual(new Set(['key-1']));
    expect(fetches()).toBe(1);
  });

  it('finds a rotated key with one fetch', async () => {
    const { issuer, keys, find, fetches } = await open();
    await keys.prefetch();
    const kid = await issuer.rotate();
    expect(await answer(find(kid))).toBe(kid);
    expect([now(find('key-1')), fetches()]).toEqual(['key-1', 2]);
  });

  it('stops trusting a removed key with the next refresh', async () => {
    const { issuer, keys, find, refresh } = await open({ keyCount: 2 });
    const first = await find('key-1');
    const identity = first.outcome === 'found' ? first.key.identity : '';
    issuer.removeKey('key-1');
    expect(keys.trusts(identity)).toBe(true);
    await refresh('key-2');
    expect(keys.trusts(identity)).toBe(false);
    expect(await answer(find('key-1'))).toBe('unknown_kid');
  });

  it('stops trusting the old material of a kid', async () => {
    const { issuer, find, refresh } = await open();
    const before = await find('key-1');
    const fresh = await exportJWK((await generateKeyPair('ES256')).publicKey);
    await issuer.behave((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: [{ ...fresh, kid: 'key-1' }] }));
    });
    await refresh('key-1');
    expect(await find('key-1')).toMatchObject({ outcome: 'found' });
    expect(await find('key-1')).not.toEqual(before);
  });

  it('uses the valid keys of a set with invalid members', async () => {
    const { issuer, keys, find } = await open();
    await issuer.behave('broken-member');
    expect(await answer(find('key-1'))).toBe('key-1');
    expect(keys.status().skipped.malformed).toBeGreaterThan(0);
  });

  it('selects none of two keys with one kid', async () => {
    const { issuer, find } = await open();
    const other = await exportJWK((await generateKeyPair('ES256')).publicKey);
    await issuer.behave((_request, response, published) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: [...published, { ...other, kid: 'key-1', alg: 'ES256' }] }));
    });
    expect(await answer(find('key-1'))).toBe('key_not_usable');
  });
});

describe('given a failing key server', () => {
  it.each([
    ['status500', 'bad_status'],
    ['refuse', 'network'],
    ['redirect', 'redirect'],
    ['endless', 'too_large'],
    ['html', 'bad_content_type'],
    ['empty', 'no_usable_keys'],
  ] as const)('%s: is unavailable when cold, and keeps its keys when warm', async (behaviour, code) => {
    const cold = await open();
    await cold.issuer.behave(behaviour);
    expect(await answer(cold.find('key-1'))).toBe('jwks_unavailable');
    expect(cold.keys.status()).toMatchObject({ state: 'cold', lastError: { code } });
    expect(cold.issuer.requests.count('/moved/jwks')).toBe(0);

    const warm = await open();
    await warm.keys.prefetch();
    await warm.issuer.behave(behaviour);
    expect(await answer(await warm.refresh('key-1'))).toBe('key-1');
    expect(warm.keys.status()).toMatchObject({ state: 'stale', keys: 1, lastError: { code } });
    expect(now(warm.find('key-1'))).toBe('key-1');
    await warm.clock.advance(1_000);
    expect(await answer(warm.find('key-9'))).toBe('jwks_unavailable');
  });

  it.each(['timeout', 'drip'] as const)('%s: fails at the deadline and not before', async (behaviour) => {
    const { issuer, keys, find, clock, fetches } = await open();
    await issuer.behave(behaviour);
    let settled = false;
    const lookup = answer(find('key-1')).finally(() => {
      settled = true;
    });
    await until(() => fetches() === 1, { what: 'the key server to be asked' });
    await clock.advance(fetchTimeoutMs - 1);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(await lookup).toBe('jwks_unavailable');
    expect(keys.status().lastError?.code).toBe('timeout');
  });

  it('has one deadline for discovery and key set together', async () => {
    const { issuer, keys, clock } = await open({ discover: true });
    await issuer.behave('timeout');
    const ready = keys.prefetch();
    await until(() => issuer.requests.count('/jwks') === 1, { what: 'the key server to be asked' });
    await clock.advance(fetchTimeoutMs);
    expect(await ready).toBe(false);
  });

  it('recovers when the server recovers', async () => {
    const { issuer, find, clock } = await open();
    await issuer.behave('refuse');
    expect(await answer(find('key-1'))).toBe('jwks_unavailable');
    await issuer.behave('ok');
    expect(now(find('key-1'))).toBe('jwks_unavailable');
    await clock.advance(1_000);
    expect(await answer(find('key-1'))).toBe('key-1');
  });

  it('answers for known kids while the server is down below the hard age, and is unavailable from it on', async () => {
    const { issuer, keys, find, clock } = await open();
    await keys.prefetch();
    await issuer.behave('refuse');
    for (let minute = 0; minute < 59; minute += 1) {
      await clock.advance(60_000);
      expect(now(find('key-1'))).toBe('key-1');
    }
    await clock.advance(hardAgeMs - 59 * 60_000);
    expect(keys.status().state).toBe('expired');
    expect(await answer(find('key-1'))).toBe('jwks_unavailable');
  });

  it('rejects the keys when the issuer in the metadata differs by one slash', async () => {
    const { issuer, keys, fetches } = await open({ discover: true });
    await issuer.behave((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ issuer: `${issuer.issuer}/`, jwks_uri: issuer.jwksUri }));
    }, discoveryPaths);
    expect(await keys.prefetch()).toBe(false);
    expect([keys.status().lastError?.code, fetches()]).toEqual(['issuer_mismatch', 0]);
  });

  it('does not use plain HTTP unless it is allowed', async () => {
    const issuer = await startTestIssuer();
    closing.push(() => issuer.close());
    const keys = createKeySource({
      location: { jwksUri: issuer.jwksUri },
      fetchDocument: createDocumentFetcher({ maxBytes }),
      limits: defaultKeySetLimits,
      questions: processQuestions(),
      clock: new FakeClock(),
      random: () => 1,
    });
    expect(await keys.prefetch()).toBe(false);
    expect([keys.status().lastError?.code, issuer.requests.all.length]).toEqual(['insecure_url', 0]);
  });
});

describe('given 1000 random kids at once', () => {
  it('sends no more requests than the budget allows, and answers for known kids', async () => {
    const { keys, find, fetches } = await open();
    await keys.prefetch();
    const flood = Array.from({ length: 1_000 }, (_, at) => answer(find(`random-${at}`)));
    expect(now(find('key-1'))).toBe('key-1');
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['unknown_kid']));
    expect(fetches() - 1).toBeLessThanOrEqual(defaultKeySetLimits.unknownKidBurst);
    expect(now(find('key-1'))).toBe('key-1');
  });

  it('finds a key that was rotated during the flood within ten seconds', async () => {
    const { issuer, keys, find, clock, fetches } = await open();
    await keys.prefetch();
    for (let wave = 0; wave < 5; wave += 1) {
      await Promise.all(Array.from({ length: 200 }, (_, at) => answer(find(`wave-${wave}-${at}`))));
    }
    const kid = await issuer.rotate();
    expect(await answer(find(kid))).toBe('unknown_kid_throttled');
    const spent = fetches();
    await clock.advance(10_000);
    const flood = Array.from({ length: 200 }, (_, at) => answer(find(`late-${at}`)));
    expect(await answer(find(kid))).toBe(kid);
    await Promise.all(flood);
    expect(fetches()).toBe(spent + 1);
  });
});
