import type { Clock, Random } from '@revocast/denylist/replica';
import type { FetchDocument } from './fetch-document.ts';
import { KeySetCache } from './key-set-cache.ts';
import type { KeySource, KeySourceObserver } from './key-source.ts';
import { defaultKeySetLimits, type KeySetLimits } from './limits.ts';
import { createKeySetLoader, type KeySetLocation } from './load-key-set.ts';

export interface RemoteKeySourceOptions {
  readonly location: KeySetLocation;
  /** How documents of the issuer are asked for: `createDocumentFetcher` of fetch-key-set.ts, over HTTP. */
  readonly fetchDocument: FetchDocument;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: {@link defaultKeySetLimits}. */
  readonly limits?: KeySetLimits;
  readonly observer?: KeySourceObserver;
}

/** Creates the key source of one issuer. Asks nothing until it is asked for a key or to `prefetch()`. */
export function createKeySource(options: RemoteKeySourceOptions): KeySource {
  const { location, fetchDocument, clock, random, limits = defaultKeySetLimits, observer = {} } = options;
  const load = createKeySetLoader({ location, fetchDocument, clock, limits });
  return new KeySetCache({ load, clock, random, limits, observer });
}
