import type { JsonObject } from '../token/json.ts';
import type { KeySetErrorCode } from './key-source.ts';

/** What came of asking for one JSON document of an issuer. `maxAgeMs`: how long it may be kept, as its server says. */
export type DocumentFetch =
  | {
      readonly result: 'loaded';
      readonly document: JsonObject;
      readonly etag?: string;
      readonly maxAgeMs?: number;
    }
  | { readonly result: 'not_modified'; readonly maxAgeMs?: number }
  | { readonly result: 'failed'; readonly code: KeySetErrorCode };

/** Asks for one JSON document. Never rejects; ends when `signal` aborts. */
export type FetchDocument = (request: {
  readonly url: string;
  readonly etag?: string;
  readonly signal: AbortSignal;
}) => Promise<DocumentFetch>;
