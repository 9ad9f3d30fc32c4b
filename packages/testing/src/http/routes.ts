import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError, parseJsonObject } from '@revocast/denylist/replica';
import { discoveryPaths, issuerMetadata } from '../issuer-metadata.ts';
import type { PublicJwk } from '../signing-key.ts';
import type { TestRevocation } from '../test-revocation.ts';
import type { TokenMint } from '../token-mint.ts';

/** What the routes of a test server do. */
export interface Actions {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  readonly algorithm: string;
  readonly mint: TokenMint;
  readonly revoke: (revocation: TestRevocation) => Promise<void>;
  readonly outage: () => Promise<void>;
  readonly recover: () => Promise<void>;
}

const maxBodyBytes = 65_536;

/** The body of a request, which the functions of the kit check themselves. */
type Body = Readonly<Record<string, unknown>>;
type Route = (actions: Actions, body: Body) => unknown;

const getRoutes: Readonly<Record<string, Route>> = {
  ...Object.fromEntries(
    discoveryPaths.map((path): [string, Route] => [
      path,
      (actions) => issuerMetadata({ ...actions, origin: actions.issuer }),
    ]),
  ),
  '/jwks': ({ jwks }) => jwks,
};

// The functions of the kit check what they are given, and name what is wrong with it.
const postRoutes: Readonly<Record<string, Route>> = {
  '/token': ({ mint }, body) => ({ access_token: mint.token(body) }),
  '/bad-token': ({ mint }, { reason, ...body }) => ({ access_token: mint.badToken(reason as never, body) }),
  '/revoke': ({ revoke }, body) => revoke(body as TestRevocation),
  '/outage': ({ outage }) => outage(),
  '/recover': ({ recover }) => recover(),
};

/** Answers one request as JSON: 200, 204 without a result, 400 for what the kit refuses, 404, or 500 with the error. */
export async function answerRequest(request: IncomingMessage, response: ServerResponse, actions: Actions) {
  const path = request.url?.split('?', 1)[0] ?? '/';
  const routes = request.method === 'POST' ? postRoutes : getRoutes;
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return send(response, 404, { error: 'not_found' });
  try {
    const body = request.method === 'POST' ? await readBody(request) : {};
    if (body === undefined) return send(response, 400, { error: 'expected a JSON object of at most 64 KiB' });
    const result = await route(actions, body);
    send(response, result === undefined ? 204 : 200, result);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown';
    send(response, error instanceof ConfigurationError ? 400 : 500, { error: message });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Undefined for a body that is no JSON object, or too long. No body is an empty object. */
async function readBody(request: IncomingMessage): Promise<Body | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : parseJsonObject(text);
}
