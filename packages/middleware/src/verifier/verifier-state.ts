import { type LookUp, withTimeout } from '@revocast/denylist/replica';
import type { IssuerDirectory } from '../issuers/issuer-directory.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { PendingStore } from '../revocation/pending-store.ts';
import type { SharedReplica } from '../revocation/shared-replica.ts';
import type { TokenCache } from '../token/token-cache.ts';
import type { VerifierStatus } from './verifier.ts';
import type { VerifierDependencies } from './verifier-dependencies.ts';

export interface VerifierStateParts extends Pick<VerifierDependencies, 'clock' | 'stayAlive'> {
  readonly options: ResolvedOptions;
  readonly issuers: IssuerDirectory;
  readonly feed: SharedReplica | undefined;
  readonly lookUp: PendingStore<LookUp> | undefined;
  readonly tokenCache: TokenCache | undefined;
  /** Null: no feed could end one. */
  readonly streams: { readonly size: number } | null;
}

const readinessPollMs = 20;

/** Whether a verifier can accept a good token now, and what keeps it from doing so. */
export class VerifierState {
  readonly #parts: VerifierStateParts;

  constructor(parts: VerifierStateParts) {
    this.#parts = parts;
  }

  /** Why some tokens are answered 503 although everything is reachable; undefined: there is no such reason. */
  get problem(): string | undefined {
    return this.#laxTolerance ?? this.#longLifetime;
  }

  /** A token with such an `iat` was issued before a cutoff that does not cover it. */
  get #laxTolerance(): string | undefined {
    const { feed, options } = this.#parts;
    const { iatToleranceMs = 0 } = options;
    const skewMs = feed?.skewMs;
    if (skewMs === undefined || iatToleranceMs <= skewMs) return undefined;
    return (
      `iatToleranceMs is ${iatToleranceMs}, but the log adds ${skewMs} ms to a cutoff: a token further ahead would escape it, ` +
      'so this verifier is never ready; remove the option, or raise the skew of the log with `revocast-sidecar raise-skew`'
    );
  }

  get #longLifetime(): string | undefined {
    const { feed, options } = this.#parts;
    const keptSeconds = feed?.keptSeconds;
    if (keptSeconds === undefined || options.maxTokenLifetimeMs <= keptSeconds * 1000) return undefined;
    return (
      `maxTokenLifetimeMs is ${options.maxTokenLifetimeMs}, but the log keeps its rules for tokens of at most ${keptSeconds * 1000} ms: ` +
      'requests with a longer-lived token are answered 503; lower the option, or raise the lifetime of the log first'
    );
  }

  /** The checks that the options switch off. */
  get switchedOff(): readonly string[] {
    const { audience, revocation } = this.#parts.options;
    return Object.entries({ audience, revocation }).flatMap(([name, value]) => (value === null ? [name] : []));
  }

  /** Resolves to whether the keys of every known issuer are loaded, after at most one fetch each. Never rejects. */
  async prefetch(): Promise<boolean> {
    const loaded = await Promise.all(this.#parts.issuers.known().map(({ keys }) => keys.prefetch()));
    return loaded.every(Boolean);
  }

  async ready(timeoutMs: number): Promise<boolean> {
    const { clock, stayAlive } = this.#parts;
    // The timers and sockets of a verifier keep no process alive, and a process that waits here may have nothing else.
    const release = stayAlive();
    const endsAtMs = clock.monotonicMs() + timeoutMs;
    const leftMs = () => Math.max(0, endsAtMs - clock.monotonicMs());
    try {
      for (;;) {
        const hasKeys = await withTimeout(this.prefetch(), { clock, timeoutMs: leftMs(), late: false });
        if (hasKeys && this.#canDecideRevocation) return true;
        if (leftMs() === 0) return false;
        await clock.sleep(Math.min(leftMs(), readinessPollMs));
      }
    } finally {
      release();
    }
  }

  status(): VerifierStatus {
    const { options, issuers, feed, lookUp, tokenCache, streams } = this.#parts;
    const { revocation } = options;
    const keySets = issuers.known().map(({ issuer, alias, keys }) => ({ issuer, alias, keys: keys.status() }));
    const hasKeys = keySets.every(({ keys }) => keys.state === 'fresh' || keys.state === 'stale');
    return {
      ready: hasKeys && this.#canDecideRevocation,
      issuers: keySets,
      revocation: revocation && {
        feed: feed?.name ?? null,
        replica: feed?.status(),
        lookup: lookUp?.state ?? 'none',
        whenUnknown: revocation.whenUnknown,
        problem: this.problem,
      },
      tokenCache: tokenCache === undefined ? null : { entries: tokenCache.size, maxEntries: tokenCache.maxEntries },
      streams: streams && { watched: streams.size, maxStreams: options.watch.maxStreams },
      switchedOff: this.switchedOff,
    };
  }

  get #canDecideRevocation(): boolean {
    const { options, feed, lookUp } = this.#parts;
    if (options.revocation === null) return true;
    if (this.#laxTolerance !== undefined) return false;
    return feed === undefined ? lookUp?.state === 'open' : feed.isFresh();
  }
}
