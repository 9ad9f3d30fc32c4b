import type { JsonObject } from '../token/json.ts';
import type { KeySetErrorCode } from './key-source.ts';

/** The outcome of one request for a JSON document. `maxAgeMs`: how long it may be kept, according to its server. */
export type DocumentFetch =
  | {
      readonly result: 'loaded';
      readonly document: JsonObject;
      readonly etag?: string;
      readonly maxAgeMs?: number;
    }
  | { readonly result: 'not_modified'; readonly maxAgeMs?: number }
  | { readonly result: 'failed'; readonly code: KeySetErrorCode };

/** Requests one JSON document. Never rejects; ends when `signal` aborts. */
export type FetchDocument = (request: {
  readonly url: string;
  readonly etag?: string;
  readonly signal: AbortSignal;
}) => Promise<DocumentFetch>;
