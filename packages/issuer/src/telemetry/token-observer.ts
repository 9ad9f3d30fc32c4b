/** The values of the label `grant_type`. Any other grant type is `other`, so that a client cannot create series. */
export const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials', 'other'] as const;
export type GrantType = (typeof grantTypes)[number];

/** Success, the error codes of RFC 6749 §5.2 and RFC 8707 §2, and errors of the server. */
export const tokenResults = [
  'success',
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'server_error',
  'other',
] as const;
export type TokenResult = (typeof tokenResults)[number];

/** How a refresh token was used that had been spent before. */
export const reuseKinds = ['replayed', 'late_retry', 'wrong_key'] as const;
export type ReuseKind = (typeof reuseKinds)[number];

/** What a refresh was, where this is more exact than its result. `oauth2.token.refreshed` counts it instead of the result. */
export const refreshKinds = ['retried', 'late_retry', 'replayed', 'throttled'] as const;
export type RefreshKind = (typeof refreshKinds)[number];

/** An answer of the token endpoint. */
export interface TokenAnswer {
  /** `grant_type` of the request; one that is unknown counts as `other`. */
  readonly grantType: string | undefined;
  /** `success`, or the OAuth error code of the answer; one that is unknown counts as `other`. */
  readonly result: string;
  /** The client of the request, if it has one. Only its class becomes a label. */
  readonly client?: string | undefined;
  /** `iat` of the access token that was issued, in claim seconds. */
  readonly issuedAt?: number | undefined;
  /** `exp` of the access token, in claim seconds; for client credentials, whose living tokens no store has. */
  readonly expiresAt?: number | undefined;
  /** `iat` of the access token that it replaces, in claim seconds; for a refresh. */
  readonly replacedIssuedAt?: number | undefined;
  /** For a refresh: an unknown one counts as its result. */
  readonly refreshKind?: RefreshKind | undefined;
}

/** A spent refresh token that was used again. */
export interface TokenReuse {
  /** Only its class becomes a label. */
  readonly client?: string | undefined;
  readonly kind: ReuseKind;
  /** How many refreshes ago it was spent; 0 for the current token. */
  readonly generationsBehind?: number | undefined;
  /** Seconds since the last refresh of the family. */
  readonly secondsSinceRotation?: number | undefined;
  /** Of the id of the family, 8 hex digits: to compare events, and never the id itself. */
  readonly familyDigest?: string | undefined;
}

/** Counts and traces what a token endpoint does. docs/opentelemetry.md lists the names. */
export interface TokenObserver {
  /**
   * Runs the handler of one request at the token endpoint inside a span, and counts its answer.
   *
   * @param handle returns the answer, and `server_error` for a failure of the server; when it rejects, so does `request`.
   */
  request(handle: () => Promise<TokenAnswer>): Promise<void>;
  /** Counts one answer, without a span. */
  answered(answer: TokenAnswer): void;
  /** Counts a spent refresh token that was used again: almost always theft. The active span gets an event with the details. */
  reused(reuse: TokenReuse): void;
}
