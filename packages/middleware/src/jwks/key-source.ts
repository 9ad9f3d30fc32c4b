import type { SkippedKeys } from './parse-key-set.ts';
import type { VerificationKey } from './verification-key.ts';

/** What the header of a token says about its key; nothing else of a token takes part in finding one. */
export interface KeyQuery {
  readonly kid?: string | undefined;
  readonly alg: string;
}

/** Why a token's key cannot be used although we know what we hold: the token's fault (401). */
export type KeyRejection = 'unknown_kid' | 'missing_kid' | 'key_not_usable' | 'alg_not_allowed';

/** The answer of a key source. `unavailable` (503) is ours: it never says anything about the token. */
export type KeyLookup =
  | { readonly outcome: 'found'; readonly key: VerificationKey }
  | { readonly outcome: 'rejected'; readonly reason: KeyRejection }
  | { readonly outcome: 'unavailable'; readonly reason: 'jwks_unavailable'; readonly retryAfterMs?: number };

/** Why a refresh of a key set did not succeed. Closed list: safe as label and in logs. */
export type KeySetErrorCode =
  | 'insecure_url'
  | 'network'
  | 'timeout'
  | 'redirect'
  | 'bad_status'
  | 'bad_content_type'
  | 'too_large'
  | 'bad_json'
  | 'bad_metadata'
  | 'issuer_mismatch'
  | 'not_a_key_set'
  | 'too_many_keys'
  | 'no_usable_keys'
  | 'internal_error';

/**
 * `cold` nothing loaded yet · `fresh` younger than the soft age · `stale` used while refreshes are due or failing ·
 * `expired` past the hard age, no longer used · `closed`.
 */
export type KeySourceState = 'cold' | 'fresh' | 'stale' | 'expired' | 'closed';

/** A picture for people and probes. Times are wall-clock milliseconds, one for each stage of a refresh. */
export interface KeySourceStatus {
  readonly state: KeySourceState;
  /** How long ago the held set was asked for, ms. */
  readonly ageMs?: number;
  readonly keys: number;
  /** Members of the held set that are not used, by cause. */
  readonly skipped: SkippedKeys;
  readonly lastAttemptAtMs?: number;
  readonly lastSuccessAtMs?: number;
  /** When the set of keys last became a different one. */
  readonly lastChangeAtMs?: number;
  readonly lastError?: { readonly code: KeySetErrorCode; readonly atMs: number };
  readonly consecutiveFailures: number;
  /** Back-off still to be waited for, ms; 0 when a refresh may start now. */
  readonly retryAfterMs: number;
}

/** Told what happens, for metrics. Must not throw and must not block. */
export interface KeySourceObserver {
  /** Once for each `findKey`, when its answer is known. */
  keyLookedUp?(result: 'found' | KeyRejection | 'jwks_unavailable'): void;
  /** Once for each refresh, however it ended. */
  keySetFetched?(fetch: {
    readonly result: 'loaded' | 'not_modified' | KeySetErrorCode;
    readonly durationMs: number;
    readonly atWallMs: number;
  }): void;
  /** Whenever a set is taken over. */
  keysHeld?(count: number): void;
}

/** Where verification keys come from: a remote key set kept fresh, or one given in the options. */
export interface KeySource {
  /**
   * Finds the key that a token names. Synchronous for every kid of a set below its hard age, and for every kid that the
   * issuer was found not to have. Never throws, never rejects; waits at most two refreshes.
   */
  findKey(query: KeyQuery): KeyLookup | Promise<KeyLookup>;
  /**
   * Says whether a key that verified a token before still may. Ask on every token cache hit: it also drives the refresh
   * behind, without which a process that only has hits would never notice a removed key.
   */
  trusts(thumbprint: string): boolean;
  /**
   * Calls the listener with the thumbprints that left the set or lost an algorithm, in the tick in which they do.
   * Returns the function that ends it.
   */
  onKeysRemoved(listener: (thumbprints: readonly string[]) => void): () => void;
  /** Resolves to whether usable keys are held, after asking for them at most once. Never rejects. */
  prefetch(): Promise<boolean>;
  status(): KeySourceStatus;
  /** Stops refreshes. Held keys keep answering until the hard age. */
  close(): void;
}
