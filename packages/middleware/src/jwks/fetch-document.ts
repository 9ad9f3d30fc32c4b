import type { JsonObject } from '../token/json.ts';
import type { KeySetFailure } from './key-source.ts';

/** The outcome of one request. `maxAgeMs`: how long the content may be kept, according to its server. */
export type Fetched<Content> =
  | (Content & { readonly result: 'loaded'; readonly maxAgeMs?: number })
  | { readonly result: 'not_modified'; readonly maxAgeMs?: number }
  | ({ readonly result: 'failed' } & KeySetFailure);

export type DocumentFetch = Fetched<{ readonly document: JsonObject; readonly etag?: string }>;

/** Requests one JSON document. Never rejects; ends when `signal` aborts. */
export type FetchDocument = (request: {
  readonly url: string;
  readonly etag?: string;
  readonly signal: AbortSignal;
}) => Promise<DocumentFetch>;

/** Origin and path: a user, a password or a query may be secret. Undefined for a text that is no URL. */
export function printableUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`.slice(0, 200);
}
