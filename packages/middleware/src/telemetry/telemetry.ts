import { type DigestSet, processWide } from '@revocast/denylist/replica';
import type { Auth, Decision } from '../decision.ts';
import type { Reason } from '../errors.ts';
import type { KeySource, KeySourceObserver } from '../jwks/key-source.ts';
import type { FeedObserver, SharedReplica } from '../revocation/shared-replica.ts';
import type { EndReason } from '../streams/watch.ts';
import type { AnyRequest } from '../token/bearer.ts';
import type { TokenCache, TokenCacheResult } from '../token/token-cache.ts';
import type { MetricFamilies } from './middleware-metrics.ts';

/** How a decision was used: `report-only` rejected nothing, `anonymous` let a request without credentials pass. */
export type DecisionUse = 'enforced' | 'report-only' | 'anonymous';

/** Receives what is counted. One per metrics registry. Members must not throw. */
export interface Telemetry {
  decided(decision: Decision, use: DecisionUse, durationMs: number): void;
  /** @param reason undefined when the guard let the request pass. */
  authorized(reason: Reason | undefined, reportOnly: boolean): void;
  tokenCacheAsked(result: TokenCacheResult): void;
  verdictGiven(source: 'memory' | 'redis', verdict: 'active' | 'revoked' | 'unknown'): void;
  failedOpen(): void;
  /** The same object for the same issuer. */
  keySourceObserver(alias: string): KeySourceObserver;
  /** The same objects for the same registry, so that a shared feed is counted once. */
  readonly feedObservers: readonly FeedObserver[];
  /** Starts the series of an issuer at 0. */
  expectIssuer(alias: string): void;
  /**
   * Once for each new object of claims, of which a token has up to two: that of its first use, and that of all others. With the
   * digests under which it can be denied. Absent unless usage is counted.
   */
  tokenDescribed?(auth: Auth, digests: DigestSet): void;
  /** Once per accepted request. Absent unless usage is counted. */
  tokenUsed?(auth: Auth, request: AnyRequest): void;
  /** The scopes that a guard required of a request that it let pass, and those of the token. Absent unless usage is counted. */
  scopesUsed?(named: readonly string[], held: readonly string[]): void;
  /**
   * A stream has ended, not by its application. Absent in another version of this package.
   *
   * @param seconds from the log to the end, where a revocation with a time ended it.
   */
  streamEnded?(reason: EndReason, seconds?: number): void;
  /** For more metrics on the same registry; absent without a registry. */
  readonly families?: MetricFamilies;
  /** Reads the sources at each scrape, until the returned function is called. */
  watch(sources: WatchedSources): () => void;
}

export interface WatchedSources {
  readonly feed?: SharedReplica;
  readonly keys: readonly { readonly alias: string; readonly source: KeySource }[];
  readonly tokenCache?: TokenCache;
  /** Streams that are watched now. */
  readonly streams?: { readonly size: number };
}

/** Counts nothing. */
export const noTelemetry: Telemetry = processWide('middleware.no-telemetry.1', () =>
  Object.freeze({
    decided() {},
    authorized() {},
    tokenCacheAsked() {},
    verdictGiven() {},
    failedOpen() {},
    keySourceObserver: () => ({}),
    feedObservers: [],
    expectIssuer() {},
    watch: () => () => {},
  }),
);
