import { errorCodeOf } from '@revocast/denylist/replica';
import { createVerifier, type VerifierStatus } from '@revocast/middleware';
import type { World } from '../world.ts';

export type KeysStatus = VerifierStatus['issuers'][number]['keys'];

/** What one look at an issuer brought. */
export interface IssuerFacts {
  readonly issuer: string;
  /** Undefined when a key set was named and nothing had to be discovered. */
  readonly discovery?: Discovery;
  readonly keys: KeysStatus;
}

export interface Discovery {
  readonly url: string;
  /** What kept it from answering: a code of the platform, or a status. */
  readonly failure?: string;
  /** Whether a server answered at all. */
  readonly answered: boolean;
  readonly claimedIssuer?: string;
  readonly jwksUri?: string;
  /** Issuer minus wall clock, from the `Date` header: good to about half a second. */
  readonly clockOffsetMs?: number;
}

export interface LookAtIssuer {
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly allowHttp: boolean;
  readonly timeoutMs: number;
}

/** Asks for the metadata as a client would, and loads the key set with the verifier's own rules. */
export async function lookAtIssuer(options: LookAtIssuer, world: World): Promise<IssuerFacts> {
  const { issuer, jwksUri, allowHttp } = options;
  const [discovery, keys] = await Promise.all([
    jwksUri === undefined ? discover(options, world) : undefined,
    loadKeys({ issuer, allowHttp, jwksUri }),
  ]);
  return { issuer, keys, discovery };
}

async function loadKeys({ issuer, jwksUri, allowHttp }: Omit<LookAtIssuer, 'timeoutMs'>): Promise<KeysStatus> {
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
    if (first === undefined) throw new Error('a verifier without its issuer');
    return first.keys;
  } finally {
    await verifier.close();
  }
}

/** Both well-known places (OpenID Connect Discovery §4, RFC 8414 §3.1); the first that answers well counts. */
export async function discover(options: LookAtIssuer, world: World): Promise<Discovery> {
  const { origin, pathname } = new URL(options.issuer);
  const path = pathname.replace(/\/$/, '');
  const first = await ask(`${origin}${path}/.well-known/openid-configuration`, options, world);
  if (!first.answered || first.claimedIssuer !== undefined) return first;
  const second = await ask(`${origin}/.well-known/oauth-authorization-server${path}`, options, world);
  return second.claimedIssuer === undefined ? first : second;
}

const maxBytes = 256 * 1024;

async function ask(url: string, { timeoutMs }: LookAtIssuer, { fetch, clock }: World): Promise<Discovery> {
  const sentAtMs = clock.wallMs();
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } });
  } catch (error) {
    return { url, answered: false, failure: describeFailure(error, signal) };
  }
  const clockOffsetMs = offsetFrom(response.headers.get('date'), (sentAtMs + clock.wallMs()) / 2);
  const asked = { url, answered: true, clockOffsetMs };
  if (response.status !== 200) {
    await response.body?.cancel();
    return { ...asked, failure: `status ${response.status}` };
  }
  return { ...asked, ...(await readMetadata(response)) };
}

async function readMetadata(response: Response): Promise<Pick<Discovery, 'failure' | 'claimedIssuer' | 'jwksUri'>> {
  const text = await response.text().catch(() => undefined);
  if (text === undefined || text.length > maxBytes) return { failure: 'no readable answer' };
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null) return { failure: 'no metadata' };
    const { issuer, jwks_uri: jwksUri }: Record<string, unknown> = { ...document };
    return {
      ...(typeof issuer === 'string' ? { claimedIssuer: issuer } : { failure: 'metadata without issuer' }),
      ...(typeof jwksUri === 'string' ? { jwksUri } : {}),
    };
  } catch {
    return { failure: 'no JSON' };
  }
}

/** A `Date` names the second that has begun (RFC 9110 §5.6.7), so on average it is half a second old. */
function offsetFrom(date: string | null, atMs: number): number | undefined {
  const dateMs = date === null ? Number.NaN : Date.parse(date);
  return Number.isFinite(dateMs) ? dateMs + 500 - atMs : undefined;
}

/** fetch hides the code of the platform in the cause. */
function describeFailure(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'no answer in time';
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return errorCodeOf(cause) ?? 'no connection';
}
