import type { TrustedIssuer } from './trusted-issuer.ts';

/** Whether an `iss` is trusted. `unavailable` is ours: nobody could say. */
export type IssuerLookup =
  | { readonly outcome: 'trusted'; readonly issuer: TrustedIssuer }
  | { readonly outcome: 'rejected'; readonly reason: 'untrusted_issuer' }
  | {
      readonly outcome: 'unavailable';
      readonly reason: 'jwks_unavailable' | 'internal_error';
      readonly issuerAlias: string;
      readonly cause?: unknown;
    };

/** Who may sign tokens for this API. */
export interface IssuerDirectory {
  /** @param issuer exactly as in the token, and not verified. Never throws, never rejects. */
  find(issuer: string): IssuerLookup | Promise<IssuerLookup>;
  /** Those known now, for status and for fetching keys ahead. */
  known(): readonly TrustedIssuer[];
}

export const untrusted: IssuerLookup = { outcome: 'rejected', reason: 'untrusted_issuer' };

/** The issuers of the options: always known. */
export function listedIssuers(issuers: readonly TrustedIssuer[]): IssuerDirectory {
  const lookups = new Map(issuers.map((issuer) => [issuer.issuer, { outcome: 'trusted', issuer } as const]));
  return {
    // RFC 7519 §4.1.1, RFC 3986 §6.2.1: compared as strings; a slash or a capital more is another issuer.
    find: (issuer) => lookups.get(issuer) ?? untrusted,
    known: () => issuers,
  };
}
