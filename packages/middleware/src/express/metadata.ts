import { readStrings, readUrl, refuseUnknownKeys } from '../options/read-option.ts';
import type { Handler } from './handler.ts';

export interface ProtectedResourceOptions {
  /** The identifier of this API: an https URL (http on loopback, for tests). */
  readonly resource: string;
  /** Issuers whose tokens this API accepts. */
  readonly authorizationServers: readonly string[];
  readonly scopesSupported?: readonly string[];
  /** URL of a page for developers. */
  readonly documentation?: string;
}

/**
 * Answers GET with the document from which clients learn which issuers give them tokens for this API (RFC 9728 §3.2).
 * Mount it before `protect`, at `/.well-known/oauth-protected-resource`, and set the option `resourceMetadata` to its URL.
 */
export function protectedResourceMetadata(options: ProtectedResourceOptions): Handler {
  const where = 'protectedResourceMetadata.';
  refuseUnknownKeys(where, { ...options }, ['resource', 'authorizationServers', 'scopesSupported', 'documentation']);
  const { resource, authorizationServers, scopesSupported, documentation } = options;
  const body = JSON.stringify({
    resource: readUrl(`${where}resource`, resource, true),
    authorization_servers: readStrings(`${where}authorizationServers`, authorizationServers),
    bearer_methods_supported: ['header'],
    scopes_supported:
      scopesSupported === undefined ? undefined : readStrings(`${where}scopesSupported`, scopesSupported),
    resource_documentation:
      documentation === undefined ? undefined : readUrl(`${where}documentation`, documentation, true),
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
