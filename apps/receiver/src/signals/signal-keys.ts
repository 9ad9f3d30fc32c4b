import type { KeyObject } from 'node:crypto';

/** The keys of one issuer. The key sources of `@revocast/middleware` are of this form. */
export interface SignalKeys {
  /** Never throws. The header members that select a key are the only part of a message that is used for it. */
  findKey(query: {
    readonly kid?: string | undefined;
    readonly alg: string;
  }): SignalKeyLookup | Promise<SignalKeyLookup>;
}

export type SignalKeyLookup =
  | { readonly outcome: 'found'; readonly key: SignalKey }
  | { readonly outcome: 'rejected'; readonly reason: string }
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfterMs?: number };

export interface SignalKey {
  readonly key: KeyObject;
  /** RFC 8725 §3.1: the key decides the algorithm. */
  readonly algorithms: readonly string[];
}
