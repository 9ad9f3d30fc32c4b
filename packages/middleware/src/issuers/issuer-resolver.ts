import { hash } from 'node:crypto';
import type { Clock } from '@revocast/denylist/replica';
import { withTimeout } from '@revocast/denylist/replica';
import { LRUCache } from 'lru-cache';
import type { KeySource } from '../jwks/key-source.ts';
import type { ResolvedIssuer, ResolvedIssuerResolver } from '../options/resolve-issuers.ts';
import { type IssuerDirectory, type IssuerLookup, untrusted } from './issuer-directory.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** Longest `iss` that the hook is asked about, in characters. */
export const maxIssuerLength = 1024;
/** Issuers that the hook may be asked about at once; one more is answered 503 without asking. */
export const maxQuestions = 100;
/** Pause after a failed question about an issuer that is known. */
const retryMs = 1000;

export interface IssuerResolverParts {
  readonly resolver: ResolvedIssuerResolver;
  readonly clock: Clock;
  /** An issuer that is known stays in use for so long while the hook fails. */
  readonly hardAgeMs: number;
  /** Opens the keys of an issuer, and says how to let go of them. */
  readonly open: (issuer: ResolvedIssuer) => { readonly issuer: TrustedIssuer; readonly close: () => void };
  /** The hook failed; nothing of its error is safe to print but its kind. */
  readonly failed?: (error: unknown) => void;
}

interface Entry {
  readonly lookup: IssuerLookup & { outcome: 'trusted' };
  /** Hash of what the hook said: if it says the same again, it is the same issuer, with the keys it has. */
  readonly description: string;
  readonly close: () => void;
  confirmedAtMs: number;
  askAgainAtMs: number;
  retired: boolean;
}

/**
 * Issuers that a hook of the application knows: one for each tenant. Bounded in every direction, because `iss` is text
 * that anybody may send: how many are kept, how many are refused from memory, how many questions are open, and how long
 * each takes. Known issuers never wait: the hook is asked again behind the requests, and an outage of what it asks is
 * outlived until the hard age.
 */
export class IssuerResolver implements IssuerDirectory {
  readonly #parts: IssuerResolverParts;
  readonly #entries: LRUCache<string, Entry>;
  readonly #refusedAtMs: LRUCache<string, number>;
  readonly #questions = new Map<string, Promise<IssuerLookup>>();

  constructor(parts: IssuerResolverParts) {
    this.#parts = parts;
    const max = parts.resolver.maxEntries;
    this.#entries = new LRUCache({ max, dispose: retire });
    this.#refusedAtMs = new LRUCache({ max });
  }

  find(issuer: string): IssuerLookup | Promise<IssuerLookup> {
    if (issuer.length > maxIssuerLength) return untrusted;
    const entry = this.#use(issuer);
    if (entry !== undefined) return entry.lookup;
    const nowMs = this.#parts.clock.monotonicMs();
    const refusedAtMs = this.#refusedAtMs.get(issuer);
    if (refusedAtMs !== undefined && nowMs - refusedAtMs < this.#parts.resolver.refusedMs) return untrusted;
    return this.#question(issuer);
  }

  known(): readonly TrustedIssuer[] {
    return [...this.#entries.values()].map(({ lookup }) => lookup.issuer);
  }

  get size(): number {
    return this.#entries.size;
  }

  close(): void {
    this.#entries.clear();
  }

  /** The issuer if it is known and not too old; also asks the hook behind the request when it is time to. */
  #use(issuer: string): Entry | undefined {
    const entry = this.#entries.get(issuer);
    if (entry === undefined) return undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - entry.confirmedAtMs >= this.#parts.hardAgeMs) {
      this.#entries.delete(issuer);
      return undefined;
    }
    if (nowMs >= entry.askAgainAtMs) void this.#question(issuer);
    return entry;
  }

  /** One question for each issuer at a time. */
  #question(issuer: string): Promise<IssuerLookup> {
    const open = this.#questions.get(issuer);
    if (open !== undefined) return open;
    if (this.#questions.size >= maxQuestions) return Promise.resolve(this.#unavailable('jwks_unavailable'));
    const question = this.#ask(issuer).finally(() => this.#questions.delete(issuer));
    this.#questions.set(issuer, question);
    return question;
  }

  async #ask(issuer: string): Promise<IssuerLookup> {
    const { clock, resolver, failed } = this.#parts;
    const askedAtMs = clock.monotonicMs();
    try {
      const limit = { clock, timeoutMs: resolver.timeoutMs, late: 'late' as const };
      const described = await withTimeout(resolver.describe(issuer), limit);
      if (described === 'late') return this.#outlive(issuer, this.#unavailable('jwks_unavailable'));
      return described === undefined ? this.#refuse(issuer) : this.#trust(described, askedAtMs);
    } catch (error) {
      failed?.(error);
      return this.#outlive(issuer, this.#unavailable('internal_error', error));
    }
  }

  #trust(described: ResolvedIssuer, askedAtMs: number): IssuerLookup {
    const { resolver, open } = this.#parts;
    const description = hash('sha256', JSON.stringify(described));
    const held = this.#entries.get(described.issuer);
    if (held?.description === description) {
      held.confirmedAtMs = askedAtMs;
      held.askAgainAtMs = askedAtMs + resolver.maxAgeMs;
      return held.lookup;
    }
    const opened = open(described);
    const isTrusted = () => !entry.retired && this.#use(described.issuer) === entry;
    const issuer = { ...opened.issuer, keys: whileTrusted(opened.issuer.keys, isTrusted) };
    const entry: Entry = {
      lookup: { outcome: 'trusted', issuer },
      description,
      close: opened.close,
      confirmedAtMs: askedAtMs,
      askAgainAtMs: askedAtMs + resolver.maxAgeMs,
      retired: false,
    };
    this.#entries.set(described.issuer, entry);
    return entry.lookup;
  }

  #refuse(issuer: string): IssuerLookup {
    this.#entries.delete(issuer);
    this.#refusedAtMs.set(issuer, this.#parts.clock.monotonicMs());
    return untrusted;
  }

  /** The hook failed: who is known stays known for now, and is asked about again soon. */
  #outlive(issuer: string, failure: IssuerLookup): IssuerLookup {
    const held = this.#entries.get(issuer);
    if (held === undefined) return failure;
    held.askAgainAtMs = this.#parts.clock.monotonicMs() + retryMs;
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

/** Tokens that were verified before are known no longer once their issuer is not trusted any more, or by other rules. */
function whileTrusted(keys: KeySource, isTrusted: () => boolean): KeySource {
  return {
    findKey: (query) => keys.findKey(query),
    trusts: (thumbprint) => isTrusted() && keys.trusts(thumbprint),
    onKeysRemoved: (listener) => keys.onKeysRemoved(listener),
    prefetch: () => keys.prefetch(),
    status: () => keys.status(),
    close: () => keys.close(),
  };
}
