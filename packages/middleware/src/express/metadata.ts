import { type GivenOptions, group, optional, type Reader, required } from '../options/option-table.ts';
import { readStrings, readUrl } from '../options/read-option.ts';
import type { Handler } from './handler.ts';

const readHttpUrl: Reader<string> = (name, value) => readUrl(name, value, true);

const protectedResourceTable = {
  /** The identifier of this API: an https URL (http on loopback, for tests). */
  resource: required({ bounds: 'a URL', read: readHttpUrl }),
  /** Issuers whose tokens this API accepts. */
  authorizationServers: required({ bounds: 'strings', read: readStrings }),
  scopesSupported: optional({ bounds: 'strings', read: readStrings }),
  /** URL of a page for developers. */
  documentation: optional({ bounds: 'a URL', read: readHttpUrl }),
};

export type ProtectedResourceOptions = GivenOptions<typeof protectedResourceTable>;

/**
 * Answers GET with the document from which clients learn which issuers give them tokens for this API (RFC 9728 §3.2).
 * Mount it before `protect`, at `/.well-known/oauth-protected-resource`, and set the option `resourceMetadata` to its URL.
 *
 * @throws ConfigurationError
 */
export function protectedResourceMetadata(options: ProtectedResourceOptions): Handler {
  const read = group(protectedResourceTable);
  const { resource, authorizationServers, scopesSupported, documentation } = read(
    'protectedResourceMetadata',
    options,
    { allowHttp: true, environment: {} },
  );
  const body = JSON.stringify({
    resource,
    authorization_servers: authorizationServers,
    bearer_methods_supported: ['header'],
    scopes_supported: scopesSupported,
    resource_documentation: documentation,
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
