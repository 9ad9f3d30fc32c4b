import { answerRevocation, type RevocationAnswer } from '../token/revocation-answer.ts';
import type { RevokeToken } from '../token/revoke-token.ts';
import type { OidcProvider, ProviderContext } from './provider.ts';

/**
 * Lets clients revoke JWT access tokens at `/token/revocation`, where the library answers 400 `unsupported_token_type`: by
 * then it has authenticated the client and read the token.
 */
export function revokeJwts(provider: OidcProvider, revokeToken: RevokeToken): void {
  const refused = new WeakSet<ProviderContext>();
  provider.on('revocation.error', (context: ProviderContext, error: unknown) => {
    if (isUnsupportedTokenType(error)) refused.add(context);
  });
  provider.use(async (context: ProviderContext, next) => {
    await next();
    if (!refused.has(context)) return;
    const token = context.oidc?.params?.['token'];
    const client = context.oidc?.entities.Client?.clientId;
    if (typeof token !== 'string' || client === undefined) return;
    const answer = await answerRevocation(revokeToken(token, { client }));
    // For a token of another issuer the answer of the library stands.
    if (answer !== undefined) send(answer, context);
  });
}

function send({ status, retryAfterSeconds, body }: RevocationAnswer, context: ProviderContext): void {
  context.remove('Content-Type');
  context.status = status;
  context.body = body ?? '';
  if (retryAfterSeconds !== undefined) context.set('Retry-After', String(retryAfterSeconds));
}

function isUnsupportedTokenType(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'error' in error && error.error === 'unsupported_token_type';
}
