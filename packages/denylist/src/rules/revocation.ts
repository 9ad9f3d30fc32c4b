/** The kinds of value that a revocation can name. Each is scoped by issuer: two issuers may use the same `sub`. */
export const dimensions = [
  'token',
  'session',
  'grant',
  'subject',
  'client',
  'subject_client',
  'tenant',
  'key',
  'issuer',
] as const;
export type Dimension = (typeof dimensions)[number];

/** Why a revocation was made. The list is closed, because it is a metric label. */
export const revocationReasons = [
  'logout',
  'admin',
  'password_change',
  'account_disabled',
  'refresh_reuse',
  'credential_leak',
  'key_compromise',
  'policy',
  'other',
] as const;
export type RevocationReason = (typeof revocationReasons)[number];

/**
 * Which tokens are revoked: an issuer and one dimension of it. `subject` together with `client` is one dimension.
 *
 * - `token`: the token id (`jti`), or for a token without one the SHA-256 of its signing input
 * - `session`: `sid`
 * - `grant`: the grant or refresh-token family
 * - `key`: a `kid` or an RFC 7638 thumbprint
 * - `entireIssuer`: every token of the issuer; written out, so that a missing value can never mean "every token"
 */
export type RevocationTarget = { readonly issuer: string } & (
  | { readonly token: string }
  | { readonly session: string }
  | { readonly grant: string }
  | { readonly subject: string; readonly client?: string }
  | { readonly client: string }
  | { readonly tenant: string }
  | { readonly key: string }
  | { readonly entireIssuer: true }
);

/** A statement that some tokens must no longer be accepted. */
export type Revocation = RevocationTarget & {
  readonly reason: RevocationReason;
  /** Claim seconds. For `token`, its `exp`. For other dimensions, when the revocation ends by itself. */
  readonly expiresAt?: number | undefined;
  /** Claim seconds of the issuer's clock: tokens with `iat` up to and including this are denied. At most 60 s ahead. */
  readonly issuedUpTo?: number | undefined;
  /** Deny every token of the value until a lift (or `expiresAt`), tokens of new logins included. */
  readonly block?: boolean | undefined;
  /** Who made the revocation, for the audit trail: 1–128 printable characters. Never enforced, never a label. */
  readonly actor?: string | undefined;
};

/** One value of one dimension. */
export interface DimensionValue {
  readonly dimension: Dimension;
  readonly issuer: string;
  /** `[subject, client]` for `subject_client`. */
  readonly value: string | readonly [subject: string, client: string];
}
