import type { IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';

/** A request whose form body was parsed. A repeated parameter is an array, as in Express. */
export interface FormRequest extends IncomingMessage {
  readonly body: JsonObject;
}

/** Longest body, in bytes: a token of 16 KiB and a client assertion. */
const longestBody = 32_768;

/**
 * The parameters of a form body, which an earlier handler may have parsed.
 *
 * @returns undefined for another type of body, and for one that is too long.
 */
export async function readForm(
  request: IncomingMessage & { readonly body?: unknown },
): Promise<JsonObject | undefined> {
  if (!hasFormType(request)) return undefined;
  const parsed = parsedBody(request);
  if (parsed !== undefined) return parsed;
  const text = await readText(request);
  return text === undefined ? undefined : parseForm(text);
}

/** RFC 6749 §3.2, RFC 7009 §2.1: both endpoints take a form, and no JSON. */
export function hasFormType({ headers }: IncomingMessage): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

/**
 * The body that an earlier handler has parsed, undefined if none has. In Express 4, `express.json()` sets `request.body = {}` also
 * for a form, which it leaves unread.
 */
export function parsedBody(request: IncomingMessage & { readonly body?: unknown }): JsonObject | undefined {
  const { body } = request;
  if (!isJsonObject(body)) return undefined;
  return request.readableEnded || Object.keys(body).length > 0 ? body : undefined;
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Destroyed, the request could not be answered any more.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    length += bytes.byteLength;
    if (length > longestBody) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

function parseForm(text: string): JsonObject {
  const form = new URLSearchParams(text);
  const names = new Set(form.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
