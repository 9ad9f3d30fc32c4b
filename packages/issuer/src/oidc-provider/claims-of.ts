import { ConfigurationError } from '@revocast/denylist';
import { attachmentOf } from './attachments.ts';

/** What an access token of the library has, before it is signed. */
export interface IssuedToken {
  readonly clientId?: string | undefined;
  readonly grantId?: string | undefined;
  /** The session at the authorization server. */
  readonly sessionUid?: string | undefined;
  /** The session of the client, if its ID tokens carry one. */
  readonly sid?: string | undefined;
  /** Whether the token ends with the session. The library sets it unless `offline_access` was granted. */
  readonly expiresWithSession?: boolean | undefined;
  readonly client?: object | undefined;
}

/** The claims by which an access token can be revoked. */
export interface RevocableClaims {
  readonly sid?: string;
  readonly grant_id?: string;
  readonly [claim: string]: unknown;
}

/**
 * The claims `sid` and `grant_id` of an access token: pass it as the option `extraTokenClaims`, or spread its result into
 * yours.
 *
 * A token has `sid` only if it ends with its session. With `offline_access` it does not: a logout keeps the grant, and the
 * library goes on refreshing it. A `sid` would let that logout deny each of these tokens for a day.
 *
 * @throws ConfigurationError when `attach` was not called for the provider, and for a client with pairwise subjects while the
 *         lifecycle has no `subjectsOf`: no event with a subject could end the token. The library answers 500.
 */
export function claimsOf(context: unknown, token: IssuedToken): RevocableClaims {
  const attachment = attachmentOf(context);
  if (attachment?.mapsSubjects === false && isPairwise(token.client)) throw withoutMapper();
  const claims: { sid?: string; grant_id?: string } = {};
  const session = (attachment?.sid === 'client' ? token.sid : undefined) ?? token.sessionUid;
  if (token.expiresWithSession === true && session !== undefined) claims.sid = session;
  if (token.grantId !== undefined) claims.grant_id = token.grantId;
  return claims;
}

function isPairwise(client: object | undefined): boolean {
  return client !== undefined && 'subjectType' in client && client.subjectType === 'pairwise';
}

export function withoutMapper(): ConfigurationError {
  return new ConfigurationError(
    'subjectsOf',
    'expected a function, because this provider issues pairwise subjects: tokens of one account carry a different `sub` for ' +
      'each sector, so an event that names the account would revoke nothing. Pass createLifecycle({ subjectsOf }), which ' +
      'returns every pairwise subject of an account; found none',
  );
}
