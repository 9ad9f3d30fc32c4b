import type { JsonObject } from '../token/json.ts';
import type { KeySetErrorCode } from './key-source.ts';

/** The outcome of one request. `maxAgeMs`: how long the content may be kept, according to its server. */
export type Fetched<Content> =
  | (Content & { readonly result: 'loaded'; readonly maxAgeMs?: number })
  | { readonly result: 'not_modified'; readonly maxAgeMs?: number }
  | { readonly result: 'failed'; readonly code: KeySetErrorCode };

export type DocumentFetch = Fetched<{ readonly document: JsonObject; readonly etag?: string }>;

/** Requests one JSON document. Never rejects; ends when `signal` aborts. */
export type FetchDocument = (request: {
  readonly url: string;
  readonly etag?: string;
  readonly signal: AbortSignal;
}) => Promise<DocumentFetch>;
