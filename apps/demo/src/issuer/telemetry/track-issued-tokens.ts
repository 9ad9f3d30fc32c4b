import type { IssuedToken, Provider, ProviderContext } from 'oidc-provider';
import type { IssuedTokens } from '../issued-tokens.ts';

/** Keeps account of the access tokens of a provider. @param kid of the key that it signs with. */
export function trackIssuedTokens(provider: Provider, tokens: IssuedTokens, kid: string): void {
  // Only what is no JWT is `saved`.
  for (const event of ['access_token.issued', 'access_token.saved']) {
    provider.on(event, ({ accountId, grantId, sessionUid, expiration }: IssuedToken) => {
      tokens.add({ accountId, grantId, sessionUid, kid }, expiration);
    });
  }
  provider.on('grant.revoked', (_context: ProviderContext, grantId: string) =>
    tokens.forget((origin) => origin.grantId === grantId),
  );
  provider.on('end_session.success', ({ oidc: { session } }: ProviderContext) => {
    if (session?.destroyed) tokens.forget((origin) => origin.sessionUid === session.uid);
  });
}
