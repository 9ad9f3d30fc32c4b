import { type FetchDocument, printableUrl } from './fetch-document.ts';
import type { KeySetFailure } from './key-source.ts';

export type Discovery = { readonly ok: true; readonly jwksUri: string } | ({ readonly ok: false } & KeySetFailure);

/**
 * Returns the URLs at which an issuer may publish its metadata, the most common one first; none for a text that is not an
 * issuer identifier.
 *
 * OpenID Connect Discovery §4 appends to the issuer; RFC 8414 §3.1 inserts between host and path. RFC 8414 §2: an issuer
 * has neither query nor fragment.
 */
export function metadataUrls(issuer: string): readonly string[] {
  if (!URL.canParse(issuer)) return [];
  const { origin, pathname, search, hash } = new URL(issuer);
  if (search !== '' || hash !== '' || origin === 'null') return [];
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/**
 * Finds the URL of the key set of an issuer in its metadata.
 *
 * @returns the error code of the first URL when none has valid metadata. Metadata of an issuer that differs by one slash
 * are `issuer_mismatch`: the keys belong to another issuer (RFC 8414 §3.3). Never throws.
 */
export async function discoverJwksUri(
  issuer: string,
  fetchDocument: FetchDocument,
  signal: AbortSignal,
): Promise<Discovery> {
  let failure: KeySetFailure = { code: 'bad_metadata' };
  for (const [index, url] of metadataUrls(issuer).entries()) {
    const discovery = await readMetadata(url, { issuer, fetchDocument, signal });
    if (discovery.ok) return discovery;
    if (index === 0) failure = discovery;
    // Without an answer from the host, a second request would only use up the deadline, which covers both.
    if (signal.aborted || discovery.code === 'network' || discovery.code === 'timeout') break;
  }
  const { code, url, detail } = failure;
  return { ok: false, code, url, detail };
}

async function readMetadata(
  url: string,
  { issuer, fetchDocument, signal }: { issuer: string; fetchDocument: FetchDocument; signal: AbortSignal },
): Promise<Discovery> {
  const fetched = await fetchDocument({ url, signal });
  if (fetched.result === 'failed') return { ...fetched, ok: false };
  if (fetched.result === 'not_modified') return { ok: false, code: 'bad_status', url: printableUrl(url) };
  const { issuer: claimed, jwks_uri: jwksUri } = fetched.document;
  if (claimed !== issuer) return { ok: false, code: 'issuer_mismatch', url: printableUrl(url) };
  return typeof jwksUri === 'string'
    ? { ok: true, jwksUri }
    : { ok: false, code: 'bad_metadata', url: printableUrl(url) };
}
