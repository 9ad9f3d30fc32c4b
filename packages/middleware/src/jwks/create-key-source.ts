import type { Clock, Random } from '@revocast/denylist/replica';
import type { KeySetLimits } from '../options/key-set-options.ts';
import type { FetchDocument } from './fetch-document.ts';
import { KeySetCache } from './key-set-cache.ts';
import type { KeySource, KeySourceObserver } from './key-source.ts';
import { createKeySetLoader, type KeySetLocation } from './load-key-set.ts';

export interface RemoteKeySourceOptions {
  readonly location: KeySetLocation;
  /** Fetches a document of the issuer: `createDocumentFetcher` of fetch-key-set.ts, over HTTP. */
  readonly fetchDocument: FetchDocument;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: KeySetLimits;
  readonly observer?: KeySourceObserver;
}

/** Creates the key source of one issuer. The first fetch happens with the first look-up or `prefetch()`. */
export function createKeySource({ observer = {}, ...options }: RemoteKeySourceOptions): KeySource {
  return new KeySetCache({ ...options, observer, load: createKeySetLoader(options) });
}
