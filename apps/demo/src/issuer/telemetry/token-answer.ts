/** The values of the label. Any other grant type is `other`, so that a client cannot create series. */
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

export function parseGrantType(value: unknown): GrantType {
  return grantTypes.find((known) => known === value) ?? 'other';
}

/** @param error an error of the library, with the OAuth error code in `error`. */
export function resultOfError(error: unknown): TokenResult {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'error') : undefined;
  return tokenResults.find((known) => known === code) ?? 'other';
}
