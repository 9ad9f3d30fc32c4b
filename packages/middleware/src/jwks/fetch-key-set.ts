import { errorCodeOf } from '@revocast/denylist/replica';
import { readPublishedObject } from '../token/json.ts';
import { type DocumentFetch, type FetchDocument, printableUrl } from './fetch-document.ts';
import type { KeySetErrorCode } from './key-source.ts';

export interface DocumentFetcherOptions {
  /** Largest body read, in bytes after decompression: the option `keySet.maxBytes`. */
  readonly maxBytes: number;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Accept `http:` too: an attacker on the network path can then replace the keys. Default false. */
  readonly dangerouslyAllowHttp?: boolean | undefined;
}

/** Longest ETag kept and sent back, in characters. */
const maxEtagLength = 256;

function failed(code: KeySetErrorCode, detail?: string): DocumentFetch & { result: 'failed' } {
  return { result: 'failed', code, detail };
}

/**
 * Returns a function that requests one JSON document of an issuer over HTTP: its key set or its metadata.
 *
 * It follows no redirect (an open redirector at the issuer would choose the keys), sends no credentials, stops reading
 * at the bound and accepts only JSON objects, whatever their content type. One request per call. Failures are codes,
 * with the URL as {@link printableUrl} writes it.
 */
export function createDocumentFetcher(options: DocumentFetcherOptions): FetchDocument {
  const { maxBytes, fetch = globalThis.fetch, dangerouslyAllowHttp = false } = options;
  return async ({ url, etag, signal }) => {
    const at = printableUrl(url);
    if (!isAllowedUrl(url, dangerouslyAllowHttp)) return { ...failed('insecure_url'), url: at };
    try {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: {
          accept: 'application/jwk-set+json, application/json',
          ...(etag !== undefined && { 'if-none-match': etag }),
        },
        signal,
      });
      const fetched = await readDocument(response, maxBytes);
      return fetched.result === 'failed' ? { ...fetched, url: at } : fetched;
    } catch (error) {
      return { ...(signal.aborted ? failed('timeout') : failed('network', networkCode(error))), url: at };
    }
  };
}

/** The code of the error behind a failed fetch, such as ECONNREFUSED or CERT_HAS_EXPIRED. Its message may contain addresses. */
function networkCode(error: unknown): string | undefined {
  const { cause = error }: { cause?: unknown } = typeof error === 'object' && error !== null ? error : {};
  const code = errorCodeOf(cause) ?? '';
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}

/** A URL with a user name or password is not allowed: it would be logged. */
function isAllowedUrl(url: string, allowHttp: boolean): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (allowHttp && protocol === 'http:');
}

async function readDocument(response: Response, maxBytes: number): Promise<DocumentFetch> {
  const refusal = refuseHead(response, maxBytes);
  if (refusal !== undefined) {
    // An unread body keeps its connection open. The outcome of the cancellation does not matter.
    response.body?.cancel().catch(() => {});
    return refusal;
  }
  const maxAgeMs = readMaxAgeMs(response.headers);
  if (response.status === 304) return { result: 'not_modified', maxAgeMs };

  const body = await readBody(response, maxBytes);
  if (body === undefined) return failed('too_large');
  const document = readPublishedObject(body);
  // The content type decides nothing: static hosts serve key sets as text/plain or as octets. It only helps to say what was found.
  if (document === undefined)
    return failed(isJson(response.headers.get('content-type')) ? 'bad_json' : 'bad_content_type');
  const etag = response.headers.get('etag') ?? undefined;
  return { result: 'loaded', document, maxAgeMs, etag: etag && etag.length <= maxEtagLength ? etag : undefined };
}

function refuseHead(response: Response, maxBytes: number): DocumentFetch | undefined {
  const { status, type, headers } = response;
  if (status === 304) return undefined;
  if (type === 'opaqueredirect' || (status >= 300 && status < 400))
    return failed('redirect', status === 0 ? undefined : `status ${status}`);
  if (status !== 200) return failed('bad_status', `status ${status}`);
  return Number(headers.get('content-length') ?? 0) > maxBytes ? failed('too_large') : undefined;
}

/** `application/json`, or any type with the `+json` suffix such as `application/jwk-set+json` (RFC 6839, RFC 7517 §8.5). */
function isJson(contentType: string | null): boolean {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(essence);
}

/** Returns undefined as soon as the body exceeds the bound, whatever `content-length` says. */
async function readBody(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // A return from the loop cancels the stream, and the connection with it.
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** RFC 9111 §5.2.2: `max-age` minus the time that the response has already spent in caches. */
function readMaxAgeMs(headers: Headers): number | undefined {
  const cacheControl = headers.get('cache-control');
  if (cacheControl === null) return undefined;
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i.test(cacheControl)) return 0;
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(cacheControl)?.[1];
  if (maxAge === undefined) return undefined;
  const age = Number(headers.get('age') ?? 0);
  return Math.max(0, Number(maxAge) - (age > 0 ? age : 0)) * 1_000;
}
