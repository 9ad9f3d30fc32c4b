import type { Clock } from '@revocast/denylist/replica';
import type { KeySetLimits } from '../options/key-set-options.ts';
import { type Discovery, discoverJwksUri } from './discover.ts';
import { type DocumentFetch, type FetchDocument, type Fetched, printableUrl } from './fetch-document.ts';
import { type KeySet, parseKeySet } from './parse-key-set.ts';

/** Where a remote key set is: at a known URL, or at the URL in the metadata of the issuer. */
export type KeySetLocation = { readonly jwksUri: string } | { readonly issuer: string };

/** Identifies the version of the held set, so that a server can answer "not modified". Valid for one URL only. */
export interface KeySetValidator {
  readonly url: string;
  readonly etag: string;
}

export type KeySetLoad = Fetched<{ readonly keySet: KeySet; readonly validator?: KeySetValidator }>;

/** Loads a key set once. Never rejects; the caller sets the deadline through `signal`. */
export type LoadKeySet = (request: {
  readonly validator?: KeySetValidator;
  readonly signal: AbortSignal;
}) => Promise<KeySetLoad>;

export interface KeySetLoaderParts {
  readonly location: KeySetLocation;
  /** Fetches a document of the issuer: `createDocumentFetcher` of fetch-key-set.ts, over HTTP. */
  readonly fetchDocument: FetchDocument;
  readonly clock: Clock;
  readonly limits: KeySetLimits;
}

/**
 * Returns a function that loads the key set of one issuer. If only the issuer is known, it discovers the URL first, and
 * again after a failure and after the hard age, because a key set may move.
 */
export function createKeySetLoader({ location, fetchDocument, clock, limits }: KeySetLoaderParts): LoadKeySet {
  let discovered: (Discovery & { readonly ok: true; readonly atMs: number }) | undefined;

  async function locate(signal: AbortSignal): Promise<Discovery> {
    if ('jwksUri' in location) return { ok: true, jwksUri: location.jwksUri };
    const atMs = clock.monotonicMs();
    if (discovered !== undefined && atMs - discovered.atMs < limits.hardAgeMs) return discovered;
    const discovery = await discoverJwksUri(location.issuer, fetchDocument, signal);
    discovered = discovery.ok ? { ...discovery, atMs } : undefined;
    return discovery;
  }

  return async ({ validator, signal }) => {
    const located = await locate(signal);
    if (!located.ok) return { result: 'failed', code: located.code, url: located.url, detail: located.detail };
    const url = located.jwksUri;
    const etag = validator?.url === url ? validator.etag : undefined;

    const fetched = await fetchDocument({ url, signal, etag });
    const load = readKeySet(fetched, { url, limits, conditional: etag !== undefined });
    if (load.result === 'failed') discovered = undefined;
    return load;
  };
}

function readKeySet(
  fetched: DocumentFetch,
  { url, limits, conditional }: { url: string; limits: KeySetLimits; conditional: boolean },
): KeySetLoad {
  if (fetched.result === 'failed') return fetched;
  // Without a validator in the request, "not modified" would confirm a set that this server never sent.
  if (fetched.result === 'not_modified')
    return conditional ? fetched : { result: 'failed', code: 'bad_status', url: printableUrl(url) };

  const parsed = parseKeySet(fetched.document, limits.maxKeys, limits.maxRsaBits);
  if (!parsed.ok) return { result: 'failed', code: parsed.code, url: printableUrl(url) };
  const { etag, maxAgeMs } = fetched;
  return {
    result: 'loaded',
    keySet: parsed.keySet,
    validator: etag === undefined ? undefined : { url, etag },
    maxAgeMs,
  };
}
