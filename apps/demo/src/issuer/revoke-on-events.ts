import type { Revocation, RevocationReason } from '@revocast/denylist';
import type { Provider, ProviderContext } from 'oidc-provider';

/** What the issuer needs of a publisher of `@revocast/denylist`. */
export interface Revoker {
  revoke(revocation: Revocation): Promise<unknown>;
}

/**
 * Turns what the library decided into revocations: this is all an authorization server has to add.
 *
 * - `grant.revoked`: a refresh token or code was used twice, or its owner revoked it; everything of that grant dies
 * - `end_session.success`: a logout; everything of that session dies
 *
 * The response leaves only when its revocations are logged: who reads "signed out" is signed out. A publisher that fails
 * turns the response into a 500, because a logout that revoked nothing is not a logout.
 */
export function revokeOnEvents(provider: Provider, publisher: Revoker): void {
  const { issuer } = provider;
  const pending = new WeakMap<ProviderContext, Promise<unknown>[]>();

  const revoke = (context: ProviderContext, revocation: Revocation): void => {
    const logged = publisher.revoke(revocation);
    // It is awaited below; until then a rejection must not count as unhandled.
    logged.catch(() => undefined);
    pending.set(context, [...(pending.get(context) ?? []), logged]);
  };

  provider.on('grant.revoked', (context: ProviderContext, grant: string) => {
    revoke(context, { issuer, grant, reason: reasonOf(context) });
  });
  provider.on('end_session.success', (context: ProviderContext) => {
    const { session } = context.oidc;
    // A logout from one client only keeps the session; its grant was revoked above.
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
  // RFC 9700 §4.14.2: at the token endpoint a grant is revoked only because a credential came back a second time.
  return oidc.params?.['grant_type'] === 'refresh_token' ? 'refresh_reuse' : 'credential_leak';
}
