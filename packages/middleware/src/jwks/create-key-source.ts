import type { Clock, Random } from '@revocast/denylist/replica';
import { createDocumentFetcher } from './fetch-key-set.ts';
import { KeySetCache } from './key-set-cache.ts';
import type { KeySource, KeySourceObserver } from './key-source.ts';
import { defaultKeySetLimits, type KeySetLimits } from './limits.ts';
import { createKeySetLoader, type KeySetLocation } from './load-key-set.ts';

export interface RemoteKeySourceOptions {
  readonly location: KeySetLocation;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Default: {@link defaultKeySetLimits}. */
  readonly limits?: KeySetLimits;
  readonly observer?: KeySourceObserver;
  /** Accept `http:` URLs: whoever is on the path can then replace the keys. Default false. */
  readonly dangerouslyAllowHttp?: boolean;
}

/** Creates the key source of one issuer over HTTP. Asks nothing until it is asked for a key or to `prefetch()`. */
export function createKeySource({
  location,
  clock,
  random,
  fetch = globalThis.fetch,
  limits = defaultKeySetLimits,
  observer = {},
  dangerouslyAllowHttp = false,
}: RemoteKeySourceOptions): KeySource {
  const fetchDocument = createDocumentFetcher({ fetch, maxBytes: limits.maxBytes, dangerouslyAllowHttp });
  const load = createKeySetLoader({ location, fetchDocument, clock, limits });
  return new KeySetCache({ load, clock, random, limits, observer });
}
