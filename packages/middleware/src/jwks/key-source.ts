import type { SkippedKeys } from './parse-key-set.ts';
import type { VerificationKey } from './verification-key.ts';

/** The header members that select a key. Nothing else of a token is used to find one. */
export interface KeyQuery {
  readonly kid?: string | undefined;
  readonly alg: string;
}

/** Why no key of a usable key set fits a token: a fault of the token (401). */
const keyRejections = ['unknown_kid', 'missing_kid', 'key_not_usable', 'alg_not_allowed'] as const;
export type KeyRejection = (typeof keyRejections)[number];

/** The results of a look-up, as they are counted. */
export const keyLookupResults = ['found', ...keyRejections, 'unknown_kid_throttled', 'jwks_unavailable'] as const;

/**
 * The result of a look-up. `unavailable` is no statement about the token: our outage (503), or a kid that cannot be looked for
 * before `retryAfterMs` (429), because tokens with unknown kids have caused as many refreshes as they may.
 */
export type KeyLookup =
  | { readonly outcome: 'found'; readonly key: VerificationKey }
  | { readonly outcome: 'rejected'; readonly reason: KeyRejection }
  | {
      readonly outcome: 'unavailable';
      readonly reason: 'jwks_unavailable' | 'unknown_kid_throttled';
      readonly retryAfterMs?: number;
    };

/** Why a refresh of a key set, or the hook that describes its issuer, failed. A closed list: safe as a label and in logs. */
const keySetErrorCodes = [
  'insecure_url',
  'network',
  'timeout',
  'redirect',
  'bad_status',
  'bad_content_type',
  'too_large',
  'bad_json',
  'bad_metadata',
  'issuer_mismatch',
  'not_a_key_set',
  'too_many_keys',
  'no_usable_keys',
  'hook_failed',
  'internal_error',
] as const;
export type KeySetErrorCode = (typeof keySetErrorCodes)[number];

/** The results of a refresh, as they are counted. */
export const keySetFetchResults = ['loaded', 'not_modified', ...keySetErrorCodes] as const;

/**
 * `cold`: nothing loaded yet · `fresh`: younger than the soft age · `stale`: in use while a refresh is due or failing ·
 * `expired`: older than the hard age, no longer used · `closed`.
 */
export type KeySourceState = 'cold' | 'fresh' | 'stale' | 'expired' | 'closed';

/** For operators and probes. Times are wall-clock milliseconds, one for each stage of a refresh. */
export interface KeySourceStatus {
  readonly state: KeySourceState;
  /** Milliseconds since the held set was requested. */
  readonly ageMs?: number;
  readonly keys: number;
  /** Number of unused members of the held set, by cause. */
  readonly skipped: SkippedKeys;
  readonly lastAttemptAtMs?: number;
  readonly lastSuccessAtMs?: number;
  /** When the set of keys last changed. */
  readonly lastChangeAtMs?: number;
  readonly lastError?: { readonly code: KeySetErrorCode; readonly atMs: number };
  readonly consecutiveFailures: number;
  /** Milliseconds left of the back-off; 0 when a refresh may start now. */
  readonly retryAfterMs: number;
}

/** Why a load failed, in a form that is safe in logs. */
export interface KeySetFailure {
  readonly code: KeySetErrorCode;
  /** Origin and path of the document; without user, password and query. */
  readonly url?: string;
  /** The code of an error of Node, such as ECONNREFUSED, or the status of the answer. */
  readonly detail?: string;
}

export interface KeySetFetch {
  readonly result: (typeof keySetFetchResults)[number];
  readonly durationMs: number;
  readonly atWallMs: number;
}

/** Receives events for metrics and logs. Must not throw and must not block. */
export interface KeySourceObserver {
  /** Once per `findKey`, when its result is known. */
  readonly keyLookedUp?: ((result: (typeof keyLookupResults)[number]) => void) | undefined;
  /** Once per refresh, successful or not. */
  readonly keySetFetched?: ((fetch: KeySetFetch) => void) | undefined;
  /** Beside `keySetFetched`, for a refresh that failed. */
  readonly keySetFailed?: ((failure: KeySetFailure) => void) | undefined;
  /** When a loaded set replaces the one in use. */
  readonly keysHeld?: ((count: number) => void) | undefined;
}

/** The source of verification keys: a remote key set that is kept fresh, or a set given in the options. */
export interface KeySource {
  /**
   * Finds the key that a token names. Synchronous for every kid of a set below its hard age, and for every kid that a
   * refresh has shown to be unknown. Never throws, never rejects; waits for at most two refreshes.
   */
  findKey(query: KeyQuery): KeyLookup | Promise<KeyLookup>;
  /**
   * Returns whether the issuer still lists a key that verified a token before, with the same kids and algorithms. Call it on
   * every hit of the token cache: it also starts the refresh in the background, without which a process with hits only would
   * never notice a removed key.
   *
   * @param identity of a key that `findKey` returned.
   */
  trusts(identity: string): boolean;
  /**
   * The key set in use, undefined while it is due for a refresh or not usable. While it is the same object, {@link trusts} has
   * the same result.
   *
   * @param monotonicMs now.
   */
  settledAt(monotonicMs: number): object | undefined;
  /** Resolves to whether usable keys are held, after at most one refresh. Never rejects. */
  prefetch(): Promise<boolean>;
  status(): KeySourceStatus;
  /** Stops refreshes. Held keys stay in use until the hard age. */
  close(): void;
}
