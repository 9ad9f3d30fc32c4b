import { SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { Provider, ProviderContext } from 'oidc-provider';
import type { ClassOf } from '../../telemetry/client-classes.ts';
import type { Instruments, TokenAnswer } from './instruments.ts';
import { parseGrantType, resultOfError, type TokenResult } from './token-answer.ts';

export interface TokenEndpointObserver {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly classOf: ClassOf;
  readonly nowMs: () => number;
}

/**
 * Counts every answer of the token endpoint, and starts a span around it: `oauth2.token.refresh` for a refresh token,
 * otherwise `oauth2.token.issue`. Call it before other functions that add middleware to the provider: the first
 * middleware is the outermost one, and sees the answer after all others.
 */
export function observeTokenEndpoint(provider: Provider, observer: TokenEndpointObserver): void {
  const { tracer, instruments, classOf } = observer;
  const results = new WeakMap<ProviderContext, TokenResult>();

  provider.on('grant.success', (context: ProviderContext) => results.set(context, 'success'));
  provider.on('grant.error', (context: ProviderContext, error: unknown) => results.set(context, resultOfError(error)));
  provider.on('grant.revoked', (context: ProviderContext) => {
    if (isReuse(context)) instruments.refreshTokenReused(classOf(clientOf(context)));
  });

  provider.use(async (context, next) => {
    if (!isTokenRequest(context, provider)) return await next();
    await tracer.startActiveSpan('oauth2.token.issue', async (span) => {
      // The default; it also covers errors outside the library.
      let result: TokenResult = 'server_error';
      try {
        await next();
        result = results.get(context) ?? result;
      } finally {
        const answer = describeAnswer(context, result, observer);
        instruments.answered(answer);
        if (answer.grantType === 'refresh_token') span.updateName('oauth2.token.refresh');
        span.setAttributes({
          'oauth2.grant_type': answer.grantType,
          'oauth2.result': answer.result,
          'oauth2.client_class': answer.clientClass,
          'oauth2.token.age': answer.replacedAgeSeconds,
        });
        // An error of the client is not an error of the server.
        if (result === 'server_error') span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      }
    });
  });
}

/** RFC 9700 §4.14.2: at the token endpoint a grant is revoked only after a second use of a credential. */
function isReuse({ oidc: { route, params } }: ProviderContext): boolean {
  return route === 'token' && params?.['grant_type'] === 'refresh_token';
}

/** Matches paths as the library does, so that an answer to `/TOKEN/` is counted, too. */
function isTokenRequest({ method, path }: ProviderContext, provider: Provider): boolean {
  return method === 'POST' && path.replace(/\/$/, '').toLowerCase() === provider.pathFor('token').toLowerCase();
}

function describeAnswer(
  context: ProviderContext,
  result: TokenResult,
  { classOf, nowMs }: TokenEndpointObserver,
): TokenAnswer {
  // The replaced access token was issued together with this refresh token.
  const issuedAt = context.oidc.entities.RotatedRefreshToken?.iat;
  return {
    grantType: parseGrantType(context.oidc.params?.['grant_type']),
    result,
    clientClass: classOf(clientOf(context)),
    replacedAgeSeconds: result === 'success' && issuedAt !== undefined ? nowMs() / 1000 - issuedAt : undefined,
  };
}

/** The client in the request, also without a valid secret: guessed secrets count for the class of this client. */
function clientOf({ oidc }: ProviderContext): string | undefined {
  return oidc.entities.Client?.clientId;
}
