import type { Figure } from '../report/figure.ts';
import { loadClass, loadFunction } from './built.ts';
import { timeNs } from './timing.ts';

const entries = 10_000;

interface Cache {
  find(key: unknown): unknown;
  remember(key: unknown, token: unknown): void;
}

/** Measures the token cache at its default size: a hit with its hash, and an insertion that evicts an entry. */
export function cacheFigures(passes: number): Figure[] {
  const file = 'token/token-cache.js';
  const keyOf = loadFunction('middleware', file, 'cacheKeyOf');
  const TokenCache = loadClass('middleware', file, 'TokenCache');
  const cache = readCache(new TokenCache({ maxEntries: entries }));
  // As long as a token with RS256.
  const tokens = Array.from({ length: entries * 2 }, (_, index) => `${'h'.repeat(700)}.${index}`);
  const token = { issuer: { keys: { trusts: () => true } }, keyIdentity: 'thumbprint' };
  const keys = tokens.map((text) => keyOf(text));
  for (const key of keys) cache.remember(key, token);
  const live = tokens.slice(entries);
  if (cache.find(keyOf(live[0])) !== token) throw new Error('expected a hit of the token cache');
  const pass = (work: (index: number) => void) => () => {
    for (let index = 0; index < entries; index++) work(index);
  };
  let lot = 0;
  return [
    {
      name: 'token cache: hit, with the hash of 700 characters',
      unit: 'ns',
      value: timeNs({ operations: entries, passes, pass: pass((index) => cache.find(keyOf(live[index]))) }),
    },
    {
      name: 'token cache: insertion into a full cache',
      unit: 'ns',
      value: timeNs({
        operations: entries,
        passes,
        // Each pass inserts the other half, which the cache does not hold any more.
        before: () => {
          lot = entries - lot;
        },
        pass: pass((index) => cache.remember(keys[(lot + entries + index) % keys.length], token)),
      }),
    },
  ];
}

function readCache(value: unknown): Cache {
  const cache = value as Cache; // checked below
  if (typeof cache.find !== 'function' || typeof cache.remember !== 'function')
    throw new Error('expected a token cache with find() and remember()');
  return cache;
}
