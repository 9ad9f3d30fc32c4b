import type { ReplicaStatus } from '@revocast/denylist/replica';
import type { Auth, Decision, WhenUnknown } from '../decision.ts';
import type { KeySourceStatus } from '../jwks/key-source.ts';
import type { Watch, WatchOptions } from '../streams/watch.ts';
import type { AnyRequest } from '../token/bearer.ts';

/** The state of a verifier. Nothing in it is secret. */
export interface VerifierStatus {
  /** Whether a good token would be accepted now. */
  readonly ready: boolean;
  readonly issuers: readonly { readonly issuer: string; readonly alias: string; readonly keys: KeySourceStatus }[];
  /** `null`: switched off. */
  readonly revocation: {
    /** The feed's address without credentials; `null`: look-up only. */
    readonly feed: string | null;
    /** Absent until the feed has been opened. */
    readonly replica?: ReplicaStatus;
    readonly lookup: 'none' | 'opening' | 'open' | 'failed';
    readonly whenUnknown: WhenUnknown;
    /** Why some tokens are answered 503 although everything is reachable, and how to fix it. */
    readonly problem?: string;
  } | null;
  readonly tokenCache: { readonly entries: number; readonly maxEntries: number } | null;
  /** Open streams that end with their token; `null`: this verifier has look-ups only. */
  readonly streams: { readonly watched: number; readonly maxStreams: number } | null;
  /** Checks that the options switch off. */
  readonly switchedOff: readonly string[];
}

/** Verifies access tokens. Independent of HTTP servers: also for upgrade requests, queues and other frameworks. */
export interface Verifier extends AsyncDisposable {
  /**
   * Decides about a request, or any object with `headers` and, if there are any, `rawHeaders`.
   *
   * @returns synchronously for a token that was verified before, while the denylist is fresh and unless the request has a
   * DPoP proof. Never throws, never rejects.
   */
  verify(
    request: AnyRequest,
    options?: { readonly whenUnknown?: WhenUnknown | undefined },
  ): Decision | Promise<Decision>;
  /**
   * Watches a stream that outlives the decision about its request: a WebSocket, Server-Sent Events, a long response. It ends in
   * the turn in which a revocation of its token is applied here, when the token expires, when its key is no longer trusted, and
   * after `graceMs` without a fresh denylist (docs/streams.md).
   *
   * @param auth as this verifier made it: `req.auth`, or the `auth` of a decision or a passage; not a copy.
   * @returns a watch that has ended already if the token has ended since the decision. Close it when the stream closes.
   * @throws UnavailableError above `watch.maxStreams`; ConfigurationError for another `auth`, for wrong options, and for a
   * verifier that has look-ups and no feed.
   */
  watch(auth: Auth, options?: WatchOptions): Watch;
  /**
   * Resolves to true once keys are loaded and the denylist is fresh, to false after `timeoutMs`. Never rejects.
   *
   * @param options `timeoutMs`: 0–2147483647. @throws ConfigurationError for another value.
   */
  ready(options: { readonly timeoutMs: number }): Promise<boolean>;
  status(): VerifierStatus;
  /** Fetches the key sets now instead of with the first token. Resolves to whether all are loaded. Never rejects. */
  prefetch(): Promise<boolean>;
  /** Closes what no other verifier uses. Not needed before the process ends. `await using` calls it. */
  close(): Promise<void>;
}
