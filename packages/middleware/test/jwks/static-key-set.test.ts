import { describe, expect, it, jest } from '@jest/globals';
import { parseKeySet } from '../../src/jwks/parse-key-set.ts';
import { StaticKeySet } from '../../src/jwks/static-key-set.ts';
import { mintEcKey } from './minted-keys.ts';

describe('a static key set', () => {
  const parsed = parseKeySet({ keys: [mintEcKey({ kid: 'one' }).jwk, null] }, 100);
  if (!parsed.ok) throw new Error(parsed.code);
  const { keySet } = parsed;

  it('answers synchronously and reports each result', () => {
    const keyLookedUp = jest.fn();
    const keysHeld = jest.fn();
    const keys = new StaticKeySet(keySet, { keyLookedUp, keysHeld });
    expect(keys.findKey({ kid: 'one', alg: 'ES256' })).toEqual({ outcome: 'found', key: keySet.keys[0] });
    expect(keys.findKey({ kid: 'two', alg: 'ES256' })).toEqual({ outcome: 'rejected', reason: 'unknown_kid' });
    expect(keyLookedUp.mock.calls).toEqual([['found'], ['unknown_kid']]);
    expect(keysHeld.mock.calls).toEqual([[1]]);
  });

  it('always trusts its own keys, and no other', async () => {
    const keys = new StaticKeySet(keySet);
    expect(keys.trusts(keySet.keys[0]?.identity ?? '')).toBe(true);
    expect(keys.trusts('another')).toBe(false);
    expect(await keys.prefetch()).toBe(true);
    keys.close();
    expect(keys.status()).toMatchObject({ state: 'fresh', keys: 1, skipped: { malformed: 1 }, retryAfterMs: 0 });
  });
});
