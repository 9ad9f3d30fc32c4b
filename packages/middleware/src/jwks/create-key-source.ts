import type { Random } from '@revocast/denylist/replica';
import { KeySetCache, type KeySetCacheParts } from './key-set-cache.ts';
import type { KeySource, KeySourceObserver } from './key-source.ts';
import { createKeySetLoader, type KeySetLoaderParts } from './load-key-set.ts';

export interface RemoteKeySourceOptions extends KeySetLoaderParts {
  readonly random: Random;
  readonly questions: KeySetCacheParts['questions'];
  readonly observer?: KeySourceObserver | undefined;
}

/** Creates the key source of one issuer. The first fetch happens with the first look-up or `prefetch()`. */
export function createKeySource({ observer = {}, ...options }: RemoteKeySourceOptions): KeySource {
  return new KeySetCache({ ...options, observer, load: createKeySetLoader(options) });
}
