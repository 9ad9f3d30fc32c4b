import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isHostLocal, isLoopback, type ListenAddress } from '../config/listen-address.ts';
import type { BearerTokens } from './token-file.ts';

/** What decides about a request. An upgrade request is one like any other. */
export interface CheckedRequest {
  readonly method?: string;
  /** Path without query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An answer other than the one that was asked for. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly remedy?: string;
}

export interface CheckRequestOptions {
  readonly address: ListenAddress;
  /** Absent: nothing is written, and the address must be host-local. */
  readonly tokens?: BearerTokens;
  /** Names accepted in `Host` beside localhost and addresses. */
  readonly allowedHosts: readonly string[];
}

/** What a process on this host does to keep its denylist and to report; none of it changes a revocation. */
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
const openRoutes = [...readerRoutes, ...consoleRoutes];

/** The routes of the data listener, as the label of `sidecar_http_requests_total` names them. */
export const dataRoutes: readonly string[] = [
  ...new Set([...openRoutes, ...writerRoutes].map((route) => route.split(' ')[1] ?? '')),
];

/**
 * Decides which requests the data listener serves. On this host reading needs no secret, so what a browser can be made to
 * send (a page of another site, DNS rebinding) is refused first.
 *
 * @returns undefined for a request that may go on.
 */
export function createRequestCheck({ address, tokens, allowedHosts }: CheckRequestOptions) {
  const names = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return (request: CheckedRequest): Refusal | undefined =>
    refuseBrowser(request) ?? refuseHost(request, { address, names }) ?? refuseBearer(request, { address, tokens });
}

/**
 * Browsers put `Origin` on what a script sends, and Fetch Metadata on what a page embeds without asking (an image, a
 * frame); our clients send neither. A link that a person follows to the console is welcome.
 */
function refuseBrowser({ path, headers }: CheckedRequest): Refusal | undefined {
  const { origin, host } = headers;
  // The console's own page names the same host in both, and `Host` is checked next.
  const isOwnOrigin = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOwnOrigin) return { status: 403, error: 'origin_refused' };
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination = 'document' } = headers;
  // W3C Fetch Metadata §2.3: `none` is what a person typed.
  const isOurs = path === '/console' ? destination === 'document' : site === 'same-origin' || site === 'none';
  return isOurs ? undefined : { status: 403, error: 'cross_site_refused' };
}

interface HostRules {
  readonly address: ListenAddress;
  readonly names: ReadonlySet<string>;
}

/**
 * Against DNS rebinding: a page can point its own name at 127.0.0.1, but `Host` still carries that name. An IP address
 * cannot be rebound. A Unix socket is out of a browser's reach.
 */
function refuseHost({ headers }: CheckedRequest, { address, names }: HostRules): Refusal | undefined {
  const host = hostnameOf(headers.host ?? '');
  const isOurs = isLoopback(host) || names.has(host) || (!isHostLocal(address) && isAddress(host));
  if (address.kind === 'unix' || isOurs) return undefined;
  // RFC 9110 §15.5.20: this server does not answer for that name.
  const remedy = 'use localhost or an address, or list the name in allowedHosts';
  return { status: 421, error: 'host_refused', remedy };
}

/** `[::1]:7471` → `[::1]`; empty when it is no host and port. */
function hostnameOf(host: string): string {
  return /^(\[[^\]]+\]|[^:]*)(:\d+)?$/.exec(host)?.[1]?.toLowerCase() ?? '';
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0;
}

function refuseBearer(
  { method, path, headers }: CheckedRequest,
  { address, tokens }: Pick<CheckRequestOptions, 'address' | 'tokens'>,
): Refusal | undefined {
  const route = `${method} ${path}`;
  if (!openRoutes.includes(route) && !writerRoutes.includes(route)) return { status: 404, error: 'not_found' };
  if (openRoutes.includes(route) && isHostLocal(address)) return undefined;
  if (tokens === undefined) return { status: 403, error: 'writes_off', remedy: 'set tokenFile to allow writing' };
  return tokens.permits(headers.authorization) ? undefined : { status: 401, error: 'unauthorized' };
}
