import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError } from '@revocast/denylist';
import { answerRevocation, type RevocationAnswer } from '../token/revocation-answer.ts';
import type { TokenRevocation } from '../token/revoke-token.ts';
import type { Handler } from './handler.ts';
import { type FormRequest, readForm } from './read-form.ts';

/** The part of a lifecycle that the endpoint uses. */
export interface TokenRevoker {
  revokeToken(jwt: string, by: { readonly client: string }): Promise<TokenRevocation>;
}

export interface RevocationEndpointOptions {
  /**
   * Authenticates the client of a request, as your token endpoint does. Returns its id, or undefined for a request without
   * valid credentials, which gets 401. A public client is identified by `client_id` in `request.body`.
   */
  authenticate(request: FormRequest): Promise<string | undefined> | string | undefined;
}

/**
 * A handler for the revocation endpoint of RFC 7009. It revokes JWT access tokens of your issuer; every other token goes to the
 * next handler, with `request.body` parsed.
 *
 * It answers 200 for a token that is revoked or expired, 400 for a malformed request or the token of another client, 401
 * without valid credentials, 503 with `Retry-After` while neither store nor log can note a revocation or the keys cannot be
 * read. A body that no earlier handler has parsed is read here, up to 32 KiB.
 *
 * @throws ConfigurationError without `authenticate`.
 */
export function revocationEndpoint(lifecycle: TokenRevoker, { authenticate }: RevocationEndpointOptions): Handler {
  if (typeof authenticate !== 'function') {
    throw new ConfigurationError('authenticate', 'expected a function that returns the id of the client, found none');
  }

  async function answer(request: IncomingMessage): Promise<Answer | undefined> {
    const form = await readForm(request);
    if (form === undefined) return invalidRequest('expected a form body (application/x-www-form-urlencoded)');
    const client = await authenticate(Object.assign(request, { body: form }));
    if (client === undefined) return invalidClient;
    const { token } = form;
    // RFC 7009 §2.1, RFC 6749 §3.2: required, and not repeated.
    if (typeof token !== 'string' || token === '') return invalidRequest('expected one parameter `token`');
    return await answerRevocation(lifecycle.revokeToken(token, { client }));
  }

  return (request, response, next) => {
    answer(request)
      .then((found) => {
        if (found === undefined) next();
        else send(found, response);
      })
      .catch(next);
  };
}

interface Answer extends Omit<RevocationAnswer, 'status'> {
  readonly status: RevocationAnswer['status'] | 401;
}

// RFC 6749 §5.2: the status of failed client authentication.
const invalidClient: Answer = { status: 401, body: { error: 'invalid_client' } };

function invalidRequest(error_description: string): Answer {
  return { status: 400, body: { error: 'invalid_request', error_description } };
}

function send({ status, retryAfterSeconds, body }: Answer, response: ServerResponse): void {
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  // RFC 9110 §15.5.2: a 401 names a scheme.
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="revocation"');
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
  if (body !== undefined) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(body === undefined ? '' : JSON.stringify(body));
}
