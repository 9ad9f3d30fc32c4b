import { parseJsonObject } from '@revocast/denylist/replica';
import { createVerifier, type VerifierStatus } from '@revocast/middleware';
import { describeFetchError } from '../questions/describe-fetch-error.ts';
import type { World } from '../world.ts';

export type KeysStatus = VerifierStatus['issuers'][number]['keys'];

export interface IssuerFacts {
  readonly issuer: string;
  /** Absent when a key set was named, so that no discovery was needed. */
  readonly discovery?: Discovery;
  readonly keys: KeysStatus;
}

export interface Discovery {
  /** Why there is no metadata: an error code or a status. */
  readonly failure?: string;
  /** Whether a server answered. */
  readonly answered: boolean;
  readonly claimedIssuer?: string;
  readonly jwksUri?: string;
  /** Clock of the issuer minus wall clock, from the `Date` header: exact to about half a second. */
  readonly clockOffsetMs?: number;
}

export interface LookAtIssuer {
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly allowHttp: boolean;
  readonly timeoutMs: number;
}

/** Reads the metadata, and loads the key set by the rules of a verifier. */
export async function lookAtIssuer(options: LookAtIssuer, world: World): Promise<IssuerFacts> {
  const [discovery, keys] = await Promise.all([
    options.jwksUri === undefined ? discover(options, world) : undefined,
    loadKeys(options),
  ]);
  return { issuer: options.issuer, keys, discovery };
}

async function loadKeys({ issuer, jwksUri, allowHttp }: LookAtIssuer): Promise<KeysStatus> {
  const verifier = await createVerifier({
    issuer,
    audience: null,
    revocation: null,
    logger: null,
    dangerouslyAllowHttp: allowHttp,
    jwksUri,
  });
  try {
    await verifier.prefetch();
    const [first] = verifier.status().issuers;
    if (first === undefined) throw new Error('expected one issuer in the status of the verifier, found none');
    return first.keys;
  } finally {
    await verifier.close();
  }
}

type Discover = Pick<LookAtIssuer, 'issuer' | 'timeoutMs'>;

/** Tries both well-known paths (OpenID Connect Discovery §4, RFC 8414 §3.1) and uses the first with metadata. */
export async function discover({ issuer, timeoutMs }: Discover, world: World): Promise<Discovery> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const first = await fetchMetadata(`${origin}${path}/.well-known/openid-configuration`, timeoutMs, world);
  if (!first.answered || first.claimedIssuer !== undefined) return first;
  const second = await fetchMetadata(`${origin}/.well-known/oauth-authorization-server${path}`, timeoutMs, world);
  return second.claimedIssuer === undefined ? first : second;
}

const maxBytes = 256 * 1024;

async function fetchMetadata(url: string, timeoutMs: number, { fetch, clock }: World): Promise<Discovery> {
  const sentAtMs = clock.wallMs();
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } });
  } catch (error) {
    return { answered: false, failure: describeFetchError(error, signal) };
  }
  const clockOffsetMs = offsetFrom(response.headers.get('date'), (sentAtMs + clock.wallMs()) / 2);
  const answer = { answered: true, clockOffsetMs };
  if (response.status !== 200) {
    await response.body?.cancel();
    return { ...answer, failure: `status ${response.status}` };
  }
  const text = await response.text().catch(() => undefined);
  if (text === undefined || text.length > maxBytes) return { ...answer, failure: 'no readable answer' };
  const { issuer, jwks_uri: jwksUri } = parseJsonObject(text) ?? {};
  if (typeof issuer !== 'string') return { ...answer, failure: 'no JSON object with an issuer' };
  return { ...answer, claimedIssuer: issuer, jwksUri: typeof jwksUri === 'string' ? jwksUri : undefined };
}

/** RFC 9110 §5.6.7: `Date` has whole seconds, so on average it is half a second old. */
function offsetFrom(date: string | null, atMs: number): number | undefined {
  const offsetMs = Date.parse(date ?? '') + 500 - atMs;
  return Number.isFinite(offsetMs) ? offsetMs : undefined;
}
