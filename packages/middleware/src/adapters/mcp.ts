// The entry `@revocast/middleware/mcp`, for servers with version 1 of the MCP SDK, on Express.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import type { Handler, Next } from '../express/handler.ts';
import { createGate, type GateOptions } from '../gate/create-gate.ts';
import type { VerifierOptions } from '../options/options.ts';
import { readBearer } from '../token/bearer.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** `AuthInfo` of the MCP SDK. `extra.auth` is what `protect` sets as `req.auth`. */
export interface McpAuthInfo {
  token: string;
  clientId: string;
  scopes: string[];
  /** Claim seconds. */
  expiresAt: number;
  resource?: URL; // the first audience that is a URL (RFC 8707)
  extra: { auth: Auth };
}

/**
 * Returns a handler in place of `requireBearerAuth` of the SDK, which has no 503. It sets `req.auth` for the transport. Set
 * `resourceMetadata` of the verifier (RFC 9728), so that clients find the issuer. Arguments and errors as {@link createGate}.
 */
export function mcpGate(target?: VerifierOptions | Verifier, options?: GateOptions): Handler {
  const gate = createGate(target, options);
  async function decide(request: IncomingMessage & { auth?: unknown }, response: ServerResponse, next: Next) {
    const passage = await gate(request);
    for (const [name, value] of Object.entries(passage.headers)) response.setHeader(name, value);
    if (!passage.pass) return void response.writeHead(passage.status).end(passage.body);
    const read = readBearer(request, Number.POSITIVE_INFINITY);
    if (passage.auth) request.auth = authInfoOf(passage.auth, read.kind === 'token' ? read.token : '');
    next();
  }
  return (request, response, next) => void decide(request, response, next).catch(next);
}

/** An `OAuthTokenVerifier` for those who must keep `requireBearerAuth`. It answers an outage with 500, without `Retry-After`. */
export function mcpVerifier(target?: VerifierOptions | Verifier) {
  const gate = createGate(target);
  return {
    async verifyAccessToken(token: string): Promise<McpAuthInfo> {
      const passage = await gate({ headers: { authorization: `Bearer ${token}` } });
      if (passage.pass && passage.auth) return authInfoOf(passage.auth, token);
      if (passage.pass) throw new ConfigurationError('mcpVerifier', 'expected a verifier that enforces');
      if (passage.status >= 429) throw passage.error;
      const { InvalidTokenError } = await import('@modelcontextprotocol/sdk/server/auth/errors.js');
      throw Object.assign(new InvalidTokenError(passage.error.message), { cause: passage.error });
    },
  };
}

function authInfoOf(auth: Auth, token: string): McpAuthInfo {
  const { clientId = '', scopes, expiresAt, claims } = auth;
  const resource = [claims['aud']].flat().find((name) => typeof name === 'string' && URL.canParse(name));
  const info = { token, clientId, scopes: [...scopes], expiresAt, extra: { auth } };
  return typeof resource === 'string' ? { ...info, resource: new URL(resource) } : info;
}
