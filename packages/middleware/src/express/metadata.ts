import { readStrings, readUrl, refuseUnknownKeys } from '../options/read-option.ts';
import type { Handler } from './request-state.ts';

export interface ProtectedResourceOptions {
  /** This API's identifier: an https URL (http for tests on loopback). */
  readonly resource: string;
  /** Issuers whose tokens it takes. */
  readonly authorizationServers: readonly string[];
  readonly scopesSupported?: readonly string[];
  /** URL of a page for developers. */
  readonly documentation?: string;
}

/**
 * Answers GET with the document that tells clients where to get tokens for this API (RFC 9728 §3.2). Mount it before
 * `protect`, at `/.well-known/oauth-protected-resource`, and name its URL in the option `resourceMetadata`.
 */
export function protectedResourceMetadata(options: ProtectedResourceOptions): Handler {
  const where = 'protectedResourceMetadata.';
  refuseUnknownKeys(where, { ...options }, ['resource', 'authorizationServers', 'scopesSupported', 'documentation']);
  const { resource, authorizationServers, scopesSupported, documentation } = options;
  const body = JSON.stringify({
    resource: readUrl(`${where}resource`, resource, true),
    authorization_servers: readStrings(`${where}authorizationServers`, authorizationServers),
    bearer_methods_supported: ['header'],
    ...(scopesSupported !== undefined && { scopes_supported: readStrings(`${where}scopesSupported`, scopesSupported) }),
    ...(documentation !== undefined && {
      resource_documentation: readUrl(`${where}documentation`, documentation, true),
    }),
  });
  return function answerMetadata(request, response, next) {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      next();
      return;
    }
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Cache-Control', 'public, max-age=3600');
    response.end(body);
  };
}
