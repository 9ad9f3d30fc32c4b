import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isHostLocal, isLoopback, type ListenAddress } from '../config/listen-address.ts';
import { type Credentials, includes, type Right } from './credentials.ts';

/** The parts of a request that are checked. Upgrade requests are checked like all others. */
interface CheckedRequest {
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

export interface CheckRequestOptions {
  readonly address: ListenAddress;
  readonly credentials: Credentials;
  /** Host names accepted in `Host`, besides localhost and IP addresses. */
  readonly allowedHosts: readonly string[];
}

/** The routes by which a process keeps its denylist and reports its progress. None of them changes a revocation. */
const readerRoutes = [
  'GET /v1/stream',
  'GET /v1/snapshot',
  'GET /v1/events',
  'GET /v1/fresh',
  'GET /v1/enforcement',
  'POST /v1/acks',
  'POST /v1/usage',
];
const consolePaths = ['', '/events', '/digests', '/page.css', '/page.js', '/explain-token.js'];
const consoleRoutes = consolePaths.map((path) => `GET /console${path}`);
const writerRoutes = ['POST /v1/revocations', 'GET /v1/revocations'];
const relayRoutes = ['POST /v1/seeds'];

/** The right that each route needs. */
const rightsNeeded: ReadonlyMap<string, Right> = new Map([
  ...[...readerRoutes, ...consoleRoutes].map((route) => [route, 'read'] as const),
  ...writerRoutes.map((route) => [route, 'write'] as const),
  ...relayRoutes.map((route) => [route, 'relay'] as const),
]);

/** The routes of the data listener, as the label of `sidecar_http_requests_total` names them. */
export const dataRoutes: readonly string[] = [
  ...new Set([...rightsNeeded.keys()].map((route) => route.split(' ')[1] ?? '')),
];

/**
 * Decides which requests the data listener serves. Readers on this host need no secret. Therefore requests that a web
 * page can make a browser send (cross-site requests, DNS rebinding) are rejected first.
 *
 * @returns a check that returns undefined for an accepted request.
 */
export function createRequestCheck({ address, credentials, allowedHosts }: CheckRequestOptions) {
  const names = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return (request: CheckedRequest): Refusal | undefined =>
    refuseBrowser(request) ?? refuseHost(request, address, names) ?? refuseBearer(request, address, credentials);
}

/**
 * Browsers send `Origin` with requests of scripts, and Fetch Metadata with embedded resources (images, frames). Readers
 * and publishers send neither. A link to the console on another site is allowed.
 */
function refuseBrowser({ path, headers }: CheckedRequest): Refusal | undefined {
  const { origin, host } = headers;
  // The page of the console sends the same host in `Origin` and `Host`; refuseHost() checks `Host`.
  const isOwnOrigin = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOwnOrigin) return { status: 403, error: 'origin_refused' };
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination = 'document' } = headers;
  // W3C Fetch Metadata §2.3: `none` is a request that the user started, such as a typed address.
  const isAllowed = path === '/console' ? destination === 'document' : site === 'same-origin' || site === 'none';
  return isAllowed ? undefined : { status: 403, error: 'cross_site_refused' };
}

/**
 * Prevents DNS rebinding: a web page can make its own name resolve to 127.0.0.1, but `Host` still contains that name. An
 * IP address cannot be rebound. A browser cannot connect to a Unix socket.
 */
function refuseHost({ headers }: CheckedRequest, address: ListenAddress, names: ReadonlySet<string>) {
  const host = hostnameOf(headers.host ?? '');
  const isAllowed = isLoopback(host) || names.has(host) || (!isHostLocal(address) && isAddress(host));
  if (address.kind === 'unix' || isAllowed) return undefined;
  // RFC 9110 §15.5.20: this server is not authoritative for that name.
  const remedy = 'use localhost or an address, or list the name in allowedHosts';
  return { status: 421, error: 'host_refused', remedy };
}

/** `[::1]:7471` → `[::1]`. Empty if the text is not a host with an optional port. */
function hostnameOf(host: string): string {
  return /^(\[[^\]]+\]|[^:]*)(:\d+)?$/.exec(host)?.[1]?.toLowerCase() ?? '';
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}

const notConfigured: Readonly<Record<Right, Refusal>> = {
  read: { status: 401, error: 'unauthorized' },
  write: { status: 403, error: 'writes_off', remedy: 'set writeTokenFile to allow writing' },
  relay: { status: 403, error: 'seeds_off', remedy: 'set relayTokenFile to take lost rules from relays' },
};

function refuseBearer({ method, path, headers }: CheckedRequest, address: ListenAddress, credentials: Credentials) {
  const needed = rightsNeeded.get(`${method} ${path}`);
  if (needed === undefined) return { status: 404, error: 'not_found' };
  if (needed === 'read' && isHostLocal(address) && !credentials.isConfigured('read')) return undefined;
  const held = credentials.rightOf(headers.authorization);
  if (held !== undefined && includes(held, needed)) return undefined;
  if (!credentials.isConfigured(needed)) return notConfigured[needed];
  if (held === undefined) return { status: 401, error: 'unauthorized' };
  // RFC 6750 §3.1: a valid token with less than the needed right is answered 403, not 401.
  return {
    status: 403,
    error: 'insufficient_right',
    remedy: `expected a token that may ${needed}, found one that may ${held}`,
  };
}
