import { isHostLocal, type ListenAddress } from '../config/listen-address.ts';
import { type BrowserCheckOptions, type CheckedRequest, createBrowserCheck, type Refusal } from './browser-check.ts';
import { type Credentials, includes, type Right } from './credentials.ts';

export interface CheckRequestOptions extends Pick<BrowserCheckOptions, 'address' | 'allowedHosts'> {
  readonly credentials: Credentials;
}

/** The routes by which a process keeps its denylist and reports its progress. None of them changes a revocation. */
const readerRoutes = [
  'GET /',
  'GET /v1/stream',
  'GET /v1/snapshot',
  'GET /v1/events',
  'GET /v1/fresh',
  'GET /v1/enforcement',
  'POST /v1/acks',
  'POST /v1/usage',
];
const consolePaths = [
  '',
  '/events',
  '/digests',
  '/replicas',
  '/revocations',
  '/page.css',
  '/page.js',
  '/explain-token.js',
];
const consoleRoutes = consolePaths.map((path) => `GET /console${path}`);
const writerRoutes = ['POST /v1/revocations', 'GET /v1/revocations'];
const relayRoutes = ['POST /v1/seeds'];

/** The right that each route needs. */
const rightsNeeded: ReadonlyMap<string, Right> = new Map([
  ...[...readerRoutes, ...consoleRoutes].map((route) => [route, 'read'] as const),
  ...writerRoutes.map((route) => [route, 'write'] as const),
  ...relayRoutes.map((route) => [route, 'relay'] as const),
]);

/** Method and path of each route of the data listener, with the right that it needs. `GET /` lists them. */
export const listedRoutes: readonly string[] = [...rightsNeeded]
  .filter(([route]) => !/\.(css|js)$/.test(route))
  .map(([route, right]) => `${route} (${right})`);

/** The routes of the data listener, as the label of `sidecar_http_requests_total` names them. */
export const dataRoutes: readonly string[] = [
  ...new Set([...rightsNeeded.keys()].map((route) => route.split(' ')[1] ?? '')),
];

/**
 * Decides which requests the data listener serves. Readers on this host need no secret. Therefore requests that a web
 * page can make a browser send are rejected first.
 *
 * @returns a check that returns undefined for an accepted request.
 */
export function createRequestCheck({ address, credentials, allowedHosts }: CheckRequestOptions) {
  const refuseBrowser = createBrowserCheck({ address, allowedHosts });
  return (request: CheckedRequest): Refusal | undefined =>
    refuseBrowser(request) ?? refuseBearer(request, address, credentials);
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
