import type { IssuedToken, Provider, ProviderContext } from 'oidc-provider';
import type { IssuedTokens } from './issued-tokens.ts';

/** Adds and removes the access tokens of a provider in `tokens`. @param kid of its signing key. */
export function trackIssuedTokens(provider: Provider, tokens: IssuedTokens, kid: string): void {
  // JWTs are `issued`; opaque tokens are `saved`.
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
