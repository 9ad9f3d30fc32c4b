import type { Clock, Random } from '@revocast/denylist';
import type { KeySource, KeySourceObserver } from './key-source.ts';
import type { KeySetLimits } from './limits.ts';

/** Where a remote key set is: at a known URL, or at the one that the issuer's metadata names. */
export type KeySetLocation = { readonly jwksUri: string } | { readonly issuer: string };

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

/**
 * Creates the key source of one issuer over HTTP. Asks nothing until it is asked for a key or to `prefetch()`.
 */
export declare function createKeySource(options: RemoteKeySourceOptions): KeySource;
