import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isHostLocal, isLoopback, type ListenAddress } from '../config/listen-address.ts';

/** The parts of a request that are checked. Upgrade requests are checked like all others. */
export interface CheckedRequest {
  readonly method?: string;
  /** Path without query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** The answer to a rejected request. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly remedy?: string;
}

export interface BrowserCheckOptions {
  readonly address: ListenAddress;
  /** Host names accepted in `Host`, besides localhost and IP addresses. */
  readonly allowedHosts: readonly string[];
  /** Which other names are accepted if other hosts can reach the listener. Default none. */
  readonly isOwnName?: (host: string) => boolean;
}

/** Headers of every answer: no other site can read it as a resource, and no browser guesses its type. */
export const commonHeaders = {
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
} as const;

/**
 * Rejects requests that a web page can make a browser send: cross-site requests and DNS rebinding. Every listener needs
 * it, because a browser behind the same firewall can reach each of them.
 *
 * @returns a check that returns undefined for an accepted request.
 */
export function createBrowserCheck({ address, allowedHosts, isOwnName = () => false }: BrowserCheckOptions) {
  const names = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const isOpen = !isHostLocal(address);
  const isAllowed = (host: string) =>
    isLoopback(host) || names.has(host) || (isOpen && (isAddress(host) || isOwnName(host)));
  return (request: CheckedRequest): Refusal | undefined => {
    const refusal = refuseBrowser(request);
    // A browser cannot connect to a Unix socket.
    if (refusal !== undefined || address.kind === 'unix') return refusal;
    // Prevents DNS rebinding: a web page can make its own name resolve to an address of this listener, but `Host` still
    // contains that name. An IP address cannot be rebound.
    const host = hostnameOf(request.headers.host ?? '');
    if (host !== undefined && isAllowed(host)) return undefined;
    // RFC 9110 §15.5.20: this server is not authoritative for that name.
    const remedy = 'use localhost or an address, or list the name in allowedHosts';
    return { status: 421, error: 'host_refused', remedy };
  };
}

/**
 * Whether no web site can have this name, because no public DNS has it: a name without a dot, and the names that a cluster
 * and a private network give to services (RFC 6762 §3: `.local`; `.internal` is reserved by ICANN).
 */
export function isPrivateName(host: string): boolean {
  return /^[a-z0-9_-]+$/.test(host) || /^[a-z0-9._-]+\.(svc|local|internal)$/.test(host);
}

/**
 * Browsers send `Origin` with requests of scripts, and Fetch Metadata with embedded resources (images, frames). Readers
 * and publishers send neither. A link to the console on another site is allowed.
 */
function refuseBrowser({ path, headers }: CheckedRequest): Refusal | undefined {
  const { origin, host } = headers;
  // The page of the console sends the same host in `Origin` and `Host`, and `Host` is checked.
  const isOwnOrigin = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOwnOrigin) return { status: 403, error: 'origin_refused' };
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination = 'document' } = headers;
  // W3C Fetch Metadata §2.3: `none` is a request that the user started, such as a typed address.
  const isAllowed = path === '/console' ? destination === 'document' : site === 'same-origin' || site === 'none';
  return isAllowed ? undefined : { status: 403, error: 'cross_site_refused' };
}

/** `[::1]:7471` → `[::1]`, `Sidecar.` → `sidecar`. Undefined if the text is not a host with an optional port. */
function hostnameOf(host: string): string | undefined {
  return /^(\[[^\]]+\]|[^:]*?)\.?(:\d+)?$/.exec(host)?.[1]?.toLowerCase();
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}
