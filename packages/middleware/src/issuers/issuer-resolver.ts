import { hash } from 'node:crypto';
import { type Clock, withTimeout } from '@revocast/denylist/replica';
import { LRUCache } from 'lru-cache';
import type { ResolvedIssuer, ResolvedIssuerResolver } from '../options/resolve-issuers.ts';
import { type IssuerDirectory, type IssuerLookup, untrusted } from './issuer-directory.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** Longest `iss` that is passed to the hook, in characters. */
export const maxIssuerLength = 1024;
/** Pending calls of the hook. With more, a request gets 503 without a call. */
export const maxPendingCalls = 100;
/** Pause after a failed call for a known issuer. */
const retryMs = 1000;

export interface IssuerResolverParts {
  readonly resolver: ResolvedIssuerResolver;
  readonly clock: Clock;
  /** How long a known issuer stays trusted while the hook fails. */
  readonly hardAgeMs: number;
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
  confirmedAtMs: number;
  dueAtMs: number;
  retired: boolean;
}

/**
 * Issuers that a hook of the application returns, such as one for each tenant. `iss` is unverified text, so everything is
 * bounded: the issuers kept, the rejections remembered, the pending calls, and the time of each call. A known issuer never
 * waits: the hook is called again in the background, and while it fails the issuer stays trusted until the hard age.
 */
export class IssuerResolver implements IssuerDirectory {
  readonly #parts: IssuerResolverParts;
  readonly #entries: LRUCache<string, Entry>;
  readonly #rejectedAtMs: LRUCache<string, number>;
  readonly #pending = new Map<string, Promise<IssuerLookup>>();

  constructor(parts: IssuerResolverParts) {
    this.#parts = parts;
    const max = parts.resolver.maxEntries;
    this.#entries = new LRUCache({ max, dispose: retire });
    this.#rejectedAtMs = new LRUCache({ max });
  }

  find(issuer: string): IssuerLookup | Promise<IssuerLookup> {
    if (issuer.length > maxIssuerLength) return untrusted;
    const entry = this.#use(issuer);
    if (entry !== undefined) return entry.lookup;
    const nowMs = this.#parts.clock.monotonicMs();
    const rejectedAtMs = this.#rejectedAtMs.get(issuer);
    if (rejectedAtMs !== undefined && nowMs - rejectedAtMs < this.#parts.resolver.refusedMs) return untrusted;
    return this.#call(issuer);
  }

  known(): readonly TrustedIssuer[] {
    return [...this.#entries.values()].map(({ lookup }) => lookup.issuer);
  }

  close(): void {
    this.#entries.clear();
  }

  /** The issuer if it is known and below the hard age. Calls the hook in the background when that is due. */
  #use(issuer: string): Entry | undefined {
    const entry = this.#entries.get(issuer);
    if (entry === undefined) return undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - entry.confirmedAtMs >= this.#parts.hardAgeMs) {
      this.#entries.delete(issuer);
      return undefined;
    }
    if (nowMs >= entry.dueAtMs) void this.#call(issuer);
    return entry;
  }

  /** One call per issuer at a time. */
  #call(issuer: string): Promise<IssuerLookup> {
    const pending = this.#pending.get(issuer);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= maxPendingCalls) return Promise.resolve(this.#unavailable('jwks_unavailable'));
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
      if (described === 'late') return this.#keep(issuer, this.#unavailable('jwks_unavailable'));
      return described === undefined ? this.#reject(issuer) : this.#trust(described, calledAtMs);
    } catch (error) {
      failed?.(error);
      return this.#keep(issuer, this.#unavailable('internal_error', error));
    }
  }

  #trust(described: ResolvedIssuer, calledAtMs: number): IssuerLookup {
    const { resolver, open } = this.#parts;
    const description = hash('sha256', JSON.stringify(described));
    const held = this.#entries.get(described.issuer);
    if (held?.description === description) {
      held.confirmedAtMs = calledAtMs;
      held.dueAtMs = calledAtMs + resolver.maxAgeMs;
      return held.lookup;
    }
    const opened = open(described);
    const isTrusted = () => !entry.retired && this.#use(described.issuer) === entry;
    const issuer = { ...opened.issuer, isTrusted };
    const entry: Entry = {
      lookup: { outcome: 'trusted', issuer },
      description,
      close: opened.close,
      confirmedAtMs: calledAtMs,
      dueAtMs: calledAtMs + resolver.maxAgeMs,
      retired: false,
    };
    this.#entries.set(described.issuer, entry);
    return entry.lookup;
  }

  #reject(issuer: string): IssuerLookup {
    this.#entries.delete(issuer);
    this.#rejectedAtMs.set(issuer, this.#parts.clock.monotonicMs());
    return untrusted;
  }

  /** After a failed call: a known issuer stays trusted, and the next call is due soon. */
  #keep(issuer: string, failure: IssuerLookup): IssuerLookup {
    const held = this.#entries.get(issuer);
    if (held === undefined) return failure;
    held.dueAtMs = this.#parts.clock.monotonicMs() + retryMs;
    return held.lookup;
  }

  #unavailable(reason: 'jwks_unavailable' | 'internal_error', cause?: unknown): IssuerLookup {
    const issuerAlias = this.#parts.resolver.alias;
    return { outcome: 'unavailable', reason, issuerAlias, cause };
  }
}

function retire(entry: Entry): void {
  entry.retired = true;
  entry.close();
}
