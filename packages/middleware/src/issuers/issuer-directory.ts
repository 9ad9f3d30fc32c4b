import type { TrustedIssuer } from './trusted-issuer.ts';

/** Whether an `iss` is trusted. `unavailable`: it is unknown, by an outage or because a budget is spent. */
export type IssuerLookup =
  | { readonly outcome: 'trusted'; readonly issuer: TrustedIssuer }
  | { readonly outcome: 'rejected'; readonly reason: 'untrusted_issuer' }
  | {
      readonly outcome: 'unavailable';
      readonly reason: 'jwks_unavailable' | 'unknown_issuer_throttled';
      readonly issuerAlias: string;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
    };

/** The issuers whose tokens this API accepts. */
export interface IssuerDirectory {
  /** @param issuer the unverified `iss` of a token. Never throws, never rejects. */
  find(issuer: string): IssuerLookup | Promise<IssuerLookup>;
  /** The issuers known now, for status and for `prefetch`. */
  known(): readonly TrustedIssuer[];
}

export const untrusted: IssuerLookup = { outcome: 'rejected', reason: 'untrusted_issuer' };

/** The issuers that the options list. */
export function listedIssuers(issuers: readonly TrustedIssuer[]): IssuerDirectory {
  const lookups = new Map(issuers.map((issuer) => [issuer.issuer, { outcome: 'trusted', issuer } as const]));
  return {
    // RFC 7519 §4.1.1, RFC 3986 §6.2.1: compared as strings; another slash or capital is another issuer.
    find: (issuer) => lookups.get(issuer) ?? untrusted,
    known: () => issuers,
  };
}
