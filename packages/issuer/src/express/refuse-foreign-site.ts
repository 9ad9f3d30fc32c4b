import type { IncomingMessage } from 'node:http';
import { ConfigurationError } from '@revocast/denylist';
import type { Handler } from './handler.ts';

export interface RefuseForeignSiteOptions {
  /** Other origins whose pages may call it, for example `https://app.example.com`. Default none. At most 100. */
  readonly origins?: readonly string[] | undefined;
}

/**
 * A handler that lets only requests of your own pages pass, for endpoints that read a cookie. Others get 403.
 *
 * Browsers state the origin of a page in `Sec-Fetch-Site`, older ones in `Origin`. A request with neither comes from no
 * browser, so that no cookie of a victim is in it.
 *
 * @throws ConfigurationError
 */
export function refuseForeignSite(options: RefuseForeignSiteOptions = {}): Handler {
  const origins = readOrigins(options);
  return (request, response, next) => {
    if (isOwn(request, origins)) {
      next();
      return;
    }
    response.statusCode = 403;
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ error: 'invalid_request', error_description: 'a page of another site sent this' }));
  };
}

function isOwn({ headers }: IncomingMessage, origins: ReadonlySet<string>): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && origins.has(origin)) return true;
  const site = headers['sec-fetch-site'];
  // `none`: the user has typed the address.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin === undefined) return true;
  // The scheme is unknown behind a proxy: the host must be the same.
  return origin.replace(/^https?:\/\//, '') === host;
}

function readOrigins({ origins = [] }: RefuseForeignSiteOptions): ReadonlySet<string> {
  if (!Array.isArray(origins) || origins.length > 100) {
    throw new ConfigurationError('origins', 'expected a list of at most 100 origins');
  }
  for (const origin of origins) {
    if (typeof origin !== 'string' || !URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new ConfigurationError('origins', 'expected origins without a path, such as https://app.example.com');
    }
  }
  return new Set(origins);
}
