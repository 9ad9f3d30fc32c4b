import { hash } from 'node:crypto';
import { type Clock, withTimeout } from '@revocast/denylist/replica';
import { LRUCache } from 'lru-cache';
import type { KeySourceObserver } from '../jwks/key-source.ts';
import { keptForRefreshes } from '../jwks/process-questions.ts';
import type { TokenBucket } from '../jwks/token-bucket.ts';
import type { ResolvedIssuer, ResolvedIssuerResolver } from '../options/resolve-issuers.ts';
import { BoundedMemory } from './bounded-memory.ts';
import { type IssuerDirectory, type IssuerLookup, untrusted } from './issuer-directory.ts';
import { isIssuerUrl } from './issuer-url.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** Longest `iss` that is passed to the hook, in characters. */
export const maxIssuerLength = 1024;
/** Pending calls of the hook. With more, a request gets 429 without a call. */
export const maxPendingCalls = 100;
/** Trusted issuers of which no token has had a valid signature yet. With more, a request gets 429. */
export const maxCandidates = 2000;
/** How long such an issuer is kept: longer than the first load of its keys may take. */
const candidateMs = 60_000;
/** Pause after a failed call. */
const retryMs = 1000;

export interface IssuerResolverParts {
  readonly resolver: ResolvedIssuerResolver;
  readonly clock: Clock;
  /** How long a known issuer stays trusted while the hook fails. */
  readonly hardAgeMs: number;
  readonly allowHttp: boolean;
  /** The budget of the process. */
  readonly questions: TokenBucket;
  readonly observer: KeySourceObserver;
  /** Opens the keys of an issuer; `close` releases them. */
  readonly open: (issuer: ResolvedIssuer) => { readonly issuer: TrustedIssuer; readonly close: () => void };
  /** Called when the hook fails. The error may contain secrets: print only its kind. */
  readonly failed?: (error: unknown) => void;
}

interface Entry {
  readonly lookup: IssuerLookup & { outcome: 'trusted' };
  /** Hash of the hook's answer. An equal answer keeps the issuer and its keys. */
  readonly description: string;
  readonly close: () => void;
  readonly openedAtMs: number;
  confirmedAtMs: number;
  dueAtMs: number;
  retired: boolean;
}

/**
 * Issuers that a hook of the application returns, such as one for each tenant. `iss` is unverified text, so everything is
 * bounded: the issuers kept, the rejections and failures remembered, the calls, and the time of each call. A known issuer
 * never waits: the hook is called again in the background, and while it fails the issuer stays trusted until the hard age.
 *
 * An issuer is a candidate until one of its tokens has had a valid signature. Only then does it count as used, and only then
 * may it take the place of the least recently used one: a stranger can name any issuer, and sign for none.
 */
export class IssuerResolver implements IssuerDirectory {
  readonly #parts: IssuerResolverParts;
  readonly #proven: LRUCache<string, Entry>;
  /** Oldest first. */
  readonly #candidates = new Map<string, Entry>();
  readonly #rejections: BoundedMemory<IssuerLookup>;
  readonly #failures: BoundedMemory<IssuerLookup>;
  readonly #pending = new Map<string, Promise<IssuerLookup>>();

  constructor(parts: IssuerResolverParts) {
    this.#parts = parts;
    const { maxEntries: max, refusedMs } = parts.resolver;
    this.#proven = new LRUCache({ max, dispose: retire });
    this.#rejections = new BoundedMemory({ max, lifetimeMs: refusedMs });
    this.#failures = new BoundedMemory({ max, lifetimeMs: retryMs });
  }

  find(issuer: string): IssuerLookup | Promise<IssuerLookup> {
    // The proven ones first: they have passed the check of the URL.
    const entry = this.#use(issuer, this.#proven.peek(issuer) ?? this.#candidates.get(issuer));
    if (entry !== undefined) return entry.lookup;
    if (issuer.length > maxIssuerLength || !isIssuerUrl(issuer, this.#parts.allowHttp)) return untrusted;
    const nowMs = this.#parts.clock.monotonicMs();
    return (
      this.#pending.get(issuer) ??
      this.#rejections.recall(issuer, nowMs) ??
      this.#failures.recall(issuer, nowMs) ??
      this.#ask(issuer, nowMs)
    );
  }

  known(): readonly TrustedIssuer[] {
    return [...this.#proven.values()].map(({ lookup }) => lookup.issuer);
  }

  close(): void {
    this.#proven.clear();
    for (const entry of this.#candidates.values()) retire(entry);
    this.#candidates.clear();
  }

  /** The entry if it is below the hard age. Calls the hook in the background when that is due. */
  #use(issuer: string, entry: Entry | undefined): Entry | undefined {
    if (entry === undefined) return undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - entry.confirmedAtMs >= this.#parts.hardAgeMs) {
      this.#remove(issuer);
      return undefined;
    }
    if (nowMs >= entry.dueAtMs && !this.#isCrowded) void this.#call(issuer);
    return entry;
  }

  /** Calls the hook about an issuer that is not known, unless a budget is spent. */
  #ask(issuer: string, nowMs: number): IssuerLookup | Promise<IssuerLookup> {
    const { questions } = this.#parts;
    this.#removeOldCandidates(nowMs);
    if (this.#isCrowded) return this.#throttled(0);
    const [oldest] = this.#candidates.values();
    if (oldest !== undefined && this.#candidates.size >= maxCandidates) {
      return this.#throttled(oldest.openedAtMs + candidateMs - nowMs);
    }
    if (!questions.tryTake(nowMs, keptForRefreshes)) return this.#throttled(questions.waitMs(nowMs, keptForRefreshes));
    return this.#call(issuer);
  }

  get #isCrowded(): boolean {
    return this.#pending.size >= maxPendingCalls;
  }

  /** One call per issuer at a time. */
  #call(issuer: string): Promise<IssuerLookup> {
    const pending = this.#pending.get(issuer);
    if (pending !== undefined) return pending;
    const call = this.#resolve(issuer).finally(() => this.#pending.delete(issuer));
    this.#pending.set(issuer, call);
    return call;
  }

  async #resolve(issuer: string): Promise<IssuerLookup> {
    const { clock, resolver, failed } = this.#parts;
    const calledAtMs = clock.monotonicMs();
    try {
      const limit = { clock, timeoutMs: resolver.timeoutMs, late: 'late' as const };
      const described = await withTimeout(resolver.describe(issuer), limit);
      if (described === 'late') return this.#fail(issuer, calledAtMs, 'timeout');
      return described === undefined ? this.#reject(issuer) : this.#trust(described, calledAtMs);
    } catch (error) {
      failed?.(error);
      return this.#fail(issuer, calledAtMs, 'hook_failed', error);
    }
  }

  #trust(described: ResolvedIssuer, calledAtMs: number): IssuerLookup {
    const { clock, resolver, open } = this.#parts;
    const { issuer: name } = described;
    const description = hash('sha256', JSON.stringify(described));
    const held = this.#held(name);
    if (held?.description === description) {
      held.confirmedAtMs = calledAtMs;
      held.dueAtMs = calledAtMs + resolver.maxAgeMs;
      return held.lookup;
    }
    const opened = open(described);
    const issuer: TrustedIssuer = {
      ...opened.issuer,
      // Called for tokens whose signature was valid, so that it counts as use.
      isTrusted: () =>
        !entry.retired && this.#use(name, this.#proven.get(name) ?? this.#candidates.get(name)) === entry,
      proved: () => this.#prove(name, entry),
    };
    const entry: Entry = {
      lookup: { outcome: 'trusted', issuer },
      description,
      close: opened.close,
      openedAtMs: clock.monotonicMs(),
      confirmedAtMs: calledAtMs,
      dueAtMs: calledAtMs + resolver.maxAgeMs,
      retired: false,
    };
    this.#remove(name);
    this.#candidates.set(name, entry);
    return entry.lookup;
  }

  /** The least recently used issuer makes room. */
  #prove(name: string, entry: Entry): void {
    if (this.#candidates.get(name) === entry) {
      this.#candidates.delete(name);
      this.#proven.set(name, entry);
    } else this.#proven.get(name);
  }

  #held(issuer: string): Entry | undefined {
    return this.#proven.peek(issuer) ?? this.#candidates.get(issuer);
  }

  #remove(issuer: string): void {
    this.#proven.delete(issuer);
    const candidate = this.#candidates.get(issuer);
    if (candidate === undefined) return;
    this.#candidates.delete(issuer);
    retire(candidate);
  }

  #removeOldCandidates(nowMs: number): void {
    for (const [issuer, { openedAtMs }] of this.#candidates) {
      if (nowMs - openedAtMs < candidateMs) return;
      this.#remove(issuer);
    }
  }

  #reject(issuer: string): IssuerLookup {
    this.#remove(issuer);
    this.#rejections.remember(issuer, untrusted, this.#parts.clock.monotonicMs());
    return untrusted;
  }

  /** After a failed call: a known issuer stays trusted, and the next call is due after a pause. */
  #fail(issuer: string, calledAtMs: number, result: 'timeout' | 'hook_failed', cause?: unknown): IssuerLookup {
    const { clock, observer, resolver } = this.#parts;
    const nowMs = clock.monotonicMs();
    observer.keySetFetched?.({ result, durationMs: nowMs - calledAtMs, atWallMs: clock.wallMs() });
    const held = this.#held(issuer);
    if (held !== undefined) {
      held.dueAtMs = nowMs + retryMs;
      return held.lookup;
    }
    const failure: IssuerLookup = {
      outcome: 'unavailable',
      reason: 'jwks_unavailable',
      issuerAlias: resolver.alias,
      cause,
    };
    this.#failures.remember(issuer, failure, nowMs);
    return failure;
  }

  /** @param waitMs until the next call may start; a call takes `timeoutMs` at most. */
  #throttled(waitMs: number): IssuerLookup {
    const { alias, timeoutMs } = this.#parts.resolver;
    const retryAfterMs = waitMs + timeoutMs;
    return { outcome: 'unavailable', reason: 'unknown_issuer_throttled', issuerAlias: alias, retryAfterMs };
  }
}

function retire(entry: Entry): void {
  entry.retired = true;
  entry.close();
}
