import { isJsonObject, parseJsonObject } from '@revocast/denylist/replica';
import type { VerifierOptions } from '@revocast/middleware';
import { discover } from '../doctor/look-at-issuer.ts';
import { UsageError } from '../failure.ts';
import type { World } from '../world.ts';
import { describeFetchError } from './describe-fetch-error.ts';
import { readText } from './read-secret.ts';

export interface KeyOptions {
  readonly jwksFile?: string;
  readonly jwksUri?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly timeout: number;
}

/** The key set of an issuer, or why there is none: what was asked, the error and how to fix it. */
export type ReadKeys =
  | { readonly keys: NonNullable<VerifierOptions['jwks']> }
  | { readonly keys?: undefined; readonly found: string; readonly fix: string };

/** Reads the named file, or fetches the key set. @throws UsageError for a file that holds no keys, and for plain http. */
export async function readKeys(issuer: string, options: KeyOptions, world: World): Promise<ReadKeys> {
  const { jwksFile, jwksUri, dangerouslyAllowHttp = false, timeout: timeoutMs } = options;
  if (jwksFile !== undefined) {
    const keys = parseKeys(readText(jwksFile, '--jwks-file', world));
    if (keys === undefined) throw new UsageError(`--jwks-file: expected a JSON object with keys in ${jwksFile}`);
    return { keys };
  }
  const refusesHttp = (url: string) => url.startsWith('http:') && !dangerouslyAllowHttp;
  if (refusesHttp(issuer)) throw new UsageError('--issuer: expected https, or the keys in --jwks-file');
  const named = jwksUri === undefined ? await findKeySet(issuer, timeoutMs, world) : { url: jwksUri };
  if (named.url === undefined) return named;
  const { url } = named;
  if (refusesHttp(url)) {
    return { found: `${url} is plain http`, fix: 'Keys from plain http can be replaced on their way; expected https.' };
  }
  return await fetchKeys(url, timeoutMs, world);
}

const reachFix =
  'Check the URL, the name resolution, the outgoing network policy and the TLS certificate; or pass the keys with --jwks-file.';

async function findKeySet(issuer: string, timeoutMs: number, world: World) {
  const { claimedIssuer, jwksUri, failure } = await discover({ issuer, timeoutMs }, world);
  if (claimedIssuer === undefined) {
    return { found: `no metadata of ${issuer}: ${failure ?? 'no answer'}`, fix: reachFix };
  }
  // RFC 8414 §3.3: metadata that names another issuer must not be used.
  if (claimedIssuer !== issuer) {
    const found = `the metadata names another issuer: ${claimedIssuer.slice(0, 200)}`;
    return { found, fix: 'Pass --issuer exactly as found: a slash at the end makes another issuer.' };
  }
  if (jwksUri === undefined)
    return { found: `the metadata of ${issuer} has no jwks_uri`, fix: 'Name it with --jwks-uri.' };
  return { url: jwksUri };
}

async function fetchKeys(url: string, timeoutMs: number, world: World): Promise<ReadKeys> {
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await world.fetch(url, { signal, redirect: 'error' });
  } catch (error) {
    return { found: `${url}: ${describeFetchError(error, signal)}`, fix: reachFix };
  }
  if (!response.ok) {
    await response.body?.cancel();
    return { found: `${url}: status ${response.status}`, fix: reachFix };
  }
  const keys = parseKeys(await response.text().catch(() => ''));
  return keys === undefined ? { found: `${url}: no JSON object with keys`, fix: 'Check --jwks-uri.' } : { keys };
}

function parseKeys(text: string): NonNullable<VerifierOptions['jwks']> | undefined {
  const keys = parseJsonObject(text)?.['keys'];
  return Array.isArray(keys) ? { keys: keys.filter(isJsonObject) } : undefined;
}
