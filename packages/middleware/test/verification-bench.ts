import { hash } from 'node:crypto';
import type { LookUp } from '@revocast/denylist/replica';
import type { VerifierOptions } from '../src/options/options.ts';
import { SlowChecks } from '../src/token/slow-checks.ts';
import { composeVerifier } from '../src/verifier/create-verifier.ts';
import type { Verifier } from '../src/verifier/verifier.ts';
import { FakeFeed } from './fake-feed.ts';
import { forge, forgeProof, oversizedJwk, type ProofRecipe, publicJwk } from './forge.ts';
import { type TestDependencies, testDependencies } from './test-dependencies.ts';
import {
  audience,
  type BenchName,
  issuer,
  nowSeconds,
  otherIssuer,
  type Row,
  rows,
  usualClaims,
} from './verification-table.ts';

const jwks = {
  keys: [
    publicJwk('es'),
    publicJwk('other', { kid: 'another-es' }),
    publicJwk('p384'),
    publicJwk('rsa'),
    publicJwk('weak'),
    oversizedJwk,
    publicJwk('ed'),
    publicJwk('rsa', { kid: 'enc', use: 'enc' }),
    publicJwk('es', { kid: 'twice' }),
    publicJwk('other', { kid: 'twice' }),
    publicJwk('leaked'),
  ],
};
const otherJwks = { keys: [publicJwk('other', { kid: 'es' })] };
const jwksUri = 'https://keys.test/jwks';

const broken: LookUp = {
  find() {
    throw new Error('unexpected');
  },
  async close() {},
};

/** A log that was lost in the second in which the tokens of the table are issued. Earlier revocations are lost too. */
const restarted: LookUp = {
  find: async () => ({ verdict: 'active', restartedAtSeconds: nowSeconds - 60 }),
  async close() {},
};

type BenchOptions = Partial<Omit<VerifierOptions, 'revocation'>> & { readonly revocation?: object };

const benches: Readonly<Record<BenchName, BenchOptions>> = {
  plain: {},
  'two issuers': {
    jwks: undefined as never,
    issuer: undefined as never,
    issuers: [
      { issuer, jwks },
      { issuer: otherIssuer, jwks: otherJwks },
      { issuer: 'https://closed.test/', jwks: otherJwks },
    ],
  },
  'one hour at most': { maxTokenAgeMs: 3_600_000 },
  'any audience': { audience: null },
  'ES256 only': { algorithms: ['ES256'] },
  generic: { profile: 'generic' },
  keycloak: { profile: 'keycloak' },
  auth0: { profile: 'auth0' },
  okta: { profile: 'okta' },
  entra: { profile: 'entra', issuer: 'https://login.test/{tenantid}/v2.0', tenants: ['t-1', 't-2'] },
  cognito: { profile: 'cognito' },
  'remote keys': { jwks: undefined as never, jwksUri },
  'keys out of reach': { jwks: undefined as never, jwksUri: 'https://down.test/jwks' },
  'remote keys, budget spent': { jwks: undefined as never, jwksUri },
  'tenants, budget spent': {
    jwks: undefined as never,
    issuer: undefined as never,
    issuers: { resolve: () => ({ jwks }) },
  },
  'slow checks busy': { dpop: { publicOrigin: audience } },
  'seen before': { maxTokenAgeMs: 3_600_000 },
  'revoked meanwhile': {},
  'key removed': { jwks: undefined as never, jwksUri, keySet: { softAgeMs: 1000 } },
  // Made again for each verifier.
  get 'tenant removed'() {
    return {
      jwks: undefined as never,
      issuer: undefined as never,
      issuers: { resolve: trustOnce(), maxAgeMs: 1000 },
    };
  },
  stale: {},
  'stale, accepting': { revocation: { whenUnknown: 'accept' } },
  proofs: { dpop: { publicOrigin: audience } },
  'proofs with nonces': { dpop: { publicOrigin: audience, nonces: true } },
  'proofs only': { dpop: { publicOrigin: audience, required: true } },
  'proofs, memory full': { dpop: { publicOrigin: audience, maxReplays: 1000 } },
  'proofs, store out of reach': {
    dpop: { publicOrigin: audience, replays: { take: () => 'unknown', async close() {} } },
  },
  'certificates from a proxy': { clientCertificate: { header: 'Client-Cert', trustedProxies: ['127.0.0.0/8', '::1'] } },
  'certificates from another proxy': {
    clientCertificate: { header: 'Client-Cert', trustedProxies: ['192.0.2.0/24'] },
  },
  'log restarted': { revocation: { feed: null, lookup: restarted, onLogReset: 'reject-older' } },
  broken: { revocation: { feed: null, lookup: broken } },
};

export interface Bench {
  readonly verifier: Verifier;
  readonly dependencies: TestDependencies;
}

/** Creates one verifier of each kind, with clocks that stand still at the second of the table. */
export async function buildBenches(common: Partial<VerifierOptions> = {}): Promise<ReadonlyMap<BenchName, Bench>> {
  const built = new Map<BenchName, Bench>();
  for (const name of Object.keys(benches) as BenchName[]) built.set(name, await buildBench(name, common));
  return built;
}

/** The options of a bench without `revocation`. */
export function optionsOf(name: BenchName, common: Partial<VerifierOptions> = {}): VerifierOptions {
  const { revocation: _revocation, ...options } = benches[name];
  const given = Object.entries({ issuer, audience, jwks, ...common, ...options });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as unknown as VerifierOptions;
}

/** How long before the second of the table a bench starts, because something happens to it before. */
const earlierMs: Partial<Readonly<Record<BenchName, number>>> = {
  stale: 6000,
  'stale, accepting': 6000,
  'key removed': 4000,
  'tenant removed': 4000,
};

/** Creates one verifier of {@link buildBenches}. */
export async function buildBench(name: BenchName, common: Partial<VerifierOptions> = {}): Promise<Bench> {
  const startsBeforeMs = earlierMs[name] ?? 0;
  let fetches = 0;
  const given = testDependencies({
    fetch: async (input) => {
      if (String(input) !== jwksUri) throw new TypeError('out of reach');
      fetches += 1;
      const keys = name === 'key removed' && fetches > 1 ? { keys: [publicJwk('rsa')] } : jwks;
      return new Response(JSON.stringify(keys), { headers: { 'content-type': 'application/json' } });
    },
  });
  const slowChecks = new SlowChecks(name === 'slow checks busy' ? { maxRunning: 0, maxWaiting: 0 } : {});
  const dependencies = { ...given, shared: { ...given.shared, slowChecks } };
  dependencies.clock.jumpWall(-startsBeforeMs);
  const feed = new FakeFeed(dependencies.clock, { cutoffSkewSeconds: 5 });
  denyValues(feed);
  const { revocation } = benches[name];
  const verifier = composeVerifier({ ...optionsOf(name, common), revocation: { feed, ...revocation } }, dependencies);
  await dependencies.clock.advance(0);
  if (name === 'proofs, memory full') {
    const row = rows.find(({ bench }) => bench === name);
    for (let count = 0; row !== undefined && count < 500; count += 1) await verifier.verify(requestLike(row));
  }
  if (name.endsWith('budget spent')) {
    await verifier.prefetch();
    while (dependencies.shared.questions.tryTake(dependencies.clock.monotonicMs()));
  }
  await showBefore(name, { verifier, dependencies });
  if (name === 'revoked meanwhile') feed.deny({ dimension: 'token', issuer, value: 'token-1' });
  await dependencies.clock.advance(0);
  if (name.startsWith('stale')) feed.silence();
  if (startsBeforeMs > 0) await dependencies.clock.advance(startsBeforeMs / 2);
  if (name.endsWith('removed')) {
    // A use after the soft age, which starts a refresh.
    const row = rows.find(({ bench }) => bench === name);
    if (row !== undefined) await verifier.verify(requestLike(row));
  }
  if (startsBeforeMs > 0) await dependencies.clock.advance(startsBeforeMs / 2);
  return { verifier, dependencies };
}

const heartbeatMs = 1000;

/** Sends the tokens that the verifier has to know already, each at its own time, and sets the clock back afterwards. */
async function showBefore(name: BenchName, { verifier, dependencies: { clock } }: Bench): Promise<void> {
  for (const row of rows) {
    if (row.bench !== name || row.firstSentAt === undefined) continue;
    const awayMs = (row.firstSentAt - nowSeconds) * 1000;
    const earlier: Row = { ...row, ...row.firstSentAs };
    tokens.set(earlier, tokenOf(row));
    await jumpTo(clock, awayMs);
    await verifier.verify(requestLike(earlier));
    await verifier.verify(requestLike(earlier));
    await jumpTo(clock, -awayMs);
  }
}

/** A wall clock that jumps ahead invalidates the proof of freshness, so this waits for the next heartbeat. */
async function jumpTo(clock: TestDependencies['clock'], awayMs: number): Promise<void> {
  clock.jumpWall(awayMs - heartbeatMs);
  await clock.advance(heartbeatMs);
}

/** Trusts an issuer when it is asked for the first time. */
function trustOnce(): (issuer: string) => { jwks: typeof jwks } | null {
  let isFirst = true;
  return () => {
    const answer = isFirst ? { jwks } : null;
    isFirst = false;
    return answer;
  };
}

function denyValues(feed: FakeFeed): void {
  feed.deny({ dimension: 'token', issuer, value: 'revoked-token' });
  feed.deny({ dimension: 'session', issuer, value: 'revoked-session' });
  feed.deny({ dimension: 'grant', issuer, value: 'revoked-grant' });
  feed.deny({ dimension: 'subject', issuer, value: 'revoked-subject' });
  feed.deny({ dimension: 'client', issuer, value: 'revoked-client' });
  feed.deny({ dimension: 'subject_client', issuer, value: ['user-7', 'client-7'] });
  feed.deny({ dimension: 'tenant', issuer, value: 'revoked-tenant' });
  feed.deny({ dimension: 'key', issuer, value: 'leaked' });
  feed.deny({ dimension: 'issuer', issuer: 'https://closed.test/', value: 'https://closed.test/' });
}

/** The request of a row: header fields in order, with the token filled in. */
export function requestOf(row: Row): RowRequest {
  const token = tokenOf(row);
  const { authorization = 'Bearer {token}', headers = {}, query = '' } = row;
  const values = authorization === null ? [] : typeof authorization === 'string' ? [authorization] : authorization;
  const proof = row.proof && proofOf(row, row.proof, token);
  const fields = [
    ...values.map((value) => ['authorization', value] as const),
    ...(proof === undefined || 'dpop' in headers ? [] : [['dpop', proof] as const]),
    ...Object.entries(headers),
  ];
  const fill = (text: string) => text.replaceAll('{token}', token).replaceAll('{proof}', proof ?? '');
  return { token, proof, fields: fields.map(([name, value]) => [name, fill(value)] as const), query: fill(query) };
}

/** A new proof for each request. */
function proofOf(row: Row, recipe: ProofRecipe, token: string): string {
  const path = row.guard === undefined ? '/' : `/${encodeURIComponent(row.guard)}`;
  const ath = hash('sha256', token, 'base64url');
  return forgeProof(recipe, { htm: 'GET', htu: audience + path, iat: nowSeconds, ath });
}

/** The same token each time a row is sent: an ECDSA signature is different each time it is made. */
function tokenOf(row: Row): string {
  const token = tokens.get(row) ?? forge(row.token ?? {}, usualClaims);
  tokens.set(row, token);
  return token;
}

const tokens = new WeakMap<Row, string>();

/** The request of a row as Node passes it to an application. */
export function requestLike(row: Row) {
  const { fields, query } = requestOf(row);
  const headers: Record<string, string> = {};
  // As Node does: of several Authorization fields, `headers` has the first.
  for (const [name, value] of fields) headers[name] ??= value;
  const socket = { remoteAddress: '127.0.0.1' };
  return { headers, rawHeaders: fields.flat(), method: 'GET', url: `/?${query}`, socket };
}

export interface RowRequest {
  readonly token: string;
  readonly proof: string | undefined;
  readonly fields: readonly (readonly [string, string])[];
  readonly query: string;
}
