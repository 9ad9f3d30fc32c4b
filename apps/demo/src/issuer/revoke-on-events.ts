import type { Revocation, RevocationReason } from '@revocast/denylist';
import type { Provider, ProviderContext } from 'oidc-provider';

/** The part of a publisher of `@revocast/denylist` that the issuer uses. */
export interface Revoker {
  revoke(revocation: Revocation): Promise<unknown>;
  tokenIssued(iat: number): void;
}

/**
 * Publishes a revocation for each event of the library. An authorization server needs no other code for Revocast.
 *
 * - `grant.revoked`: a refresh token or code was used twice, or the user revoked it; revokes the grant
 * - `end_session.success`: a logout; revokes the session
 *
 * The response is sent after its revocations are logged, so a user who sees "signed out" is signed out. If a publication
 * fails, the response is a 500, because the user is not signed out.
 */
export function revokeOnEvents(provider: Provider, publisher: Revoker): void {
  const { issuer } = provider;
  const pending = new WeakMap<ProviderContext, Promise<unknown>[]>();

  const revoke = (context: ProviderContext, revocation: Revocation): void => {
    const logged = publisher.revoke(revocation);
    // Awaited below. This handler prevents an unhandled rejection before that.
    logged.catch(() => undefined);
    pending.set(context, [...(pending.get(context) ?? []), logged]);
  };

  provider.on('grant.revoked', (context: ProviderContext, grant: string) => {
    revoke(context, { issuer, grant, reason: reasonOf(context) });
  });
  provider.on('end_session.success', (context: ProviderContext) => {
    const { session } = context.oidc;
    // A logout from one client keeps the session; `grant.revoked` covers its grant.
    if (session?.destroyed) revoke(context, { issuer, session: session.uid, reason: 'logout' });
  });

  provider.use(async (context, next) => {
    await next();
    await Promise.all(pending.get(context) ?? []);
  });
}

/** Why the library revoked a grant. */
export function reasonOf({ oidc }: ProviderContext): RevocationReason {
  if (oidc.route.startsWith('end_session')) return 'logout';
  if (oidc.route === 'revocation') return 'logout';
  // RFC 9700 §4.14.2: at the token endpoint a grant is revoked only after a second use of a credential.
  return oidc.params?.['grant_type'] === 'refresh_token' ? 'refresh_reuse' : 'credential_leak';
}
