import type { TokenAnswer } from '../telemetry/token-observer.ts';
import type { OidcProvider, ProviderContext } from './provider.ts';

/** Returns the answer of the token endpoint in a request. @param hasFailed whether a handler threw, outside the library. */
export type AnswerOf = (context: ProviderContext, hasFailed: boolean) => TokenAnswer;

/** Follows the events of the token endpoint. @param nowMs Unix milliseconds, by the clock that the library stamps `iat` with. */
export function followTokenAnswers(provider: OidcProvider, nowMs: () => number): AnswerOf {
  const results = new WeakMap<ProviderContext, string>();
  provider.on('grant.success', (context: ProviderContext) => results.set(context, 'success'));
  provider.on('grant.error', (context: ProviderContext, error: unknown) => results.set(context, codeOf(error)));
  return (context, hasFailed) => {
    const { params, entities } = context.oidc ?? {};
    const grantType = params?.['grant_type'];
    // The library emits neither success nor error when it fails itself.
    const result = (hasFailed ? undefined : results.get(context)) ?? 'server_error';
    const isSuccess = result === 'success';
    const nowSeconds = Math.floor(nowMs() / 1000);
    const lifetime = entities?.ClientCredentials?.expiration;
    return {
      grantType: typeof grantType === 'string' ? grantType : undefined,
      result,
      // Also without a valid secret: guessed secrets count for the class of this client.
      client: entities?.Client?.clientId,
      // The library has just stamped it, and does not pass it on.
      issuedAt: isSuccess ? nowSeconds : undefined,
      expiresAt: isSuccess && lifetime !== undefined ? nowSeconds + lifetime : undefined,
      // The replaced access token was issued together with the spent refresh token.
      replacedIssuedAt: isSuccess ? entities?.RotatedRefreshToken?.iat : undefined,
    };
  };
}

/** Matches paths as the library does, so that an answer to `/TOKEN/` is counted, too. */
export function isTokenRequest({ method, path }: ProviderContext, provider: OidcProvider): boolean {
  return method === 'POST' && path.replace(/\/$/, '').toLowerCase() === provider.pathFor('token').toLowerCase();
}

/** The OAuth error code of an error of the library. */
function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'error') : undefined;
  return typeof code === 'string' ? code : 'other';
}
