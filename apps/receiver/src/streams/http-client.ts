import { readFile } from 'node:fs/promises';
import { parseJson } from '@revocast/denylist/replica';

/** An answer whose body is a JSON value, or empty. */
export interface HttpAnswer {
  readonly status: number;
  /** Undefined for a body that is empty or no JSON. */
  readonly json: unknown;
}

export interface RequestOptions {
  /** File whose text is the bearer token. */
  readonly bearerFile?: string | undefined;
  readonly authorization?: string | undefined;
  /** Milliseconds for the whole exchange. Default 3000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly maxBytes?: number;
}

export type PostJson = (url: string, body: object, options?: RequestOptions) => Promise<HttpAnswer>;

export interface HttpRequest extends RequestOptions {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly contentType?: string;
  readonly body?: string;
}

export type SendRequest = (request: HttpRequest) => Promise<HttpAnswer>;

const defaultTimeoutMs = 3000;
const defaultMaxBytes = 262_144;

/**
 * Sends one request. It follows no redirect, because the answer would choose where a credential goes, and stops reading at the
 * bound. @throws an error without the URL when there is no complete answer.
 */
export const sendRequest: SendRequest = async (request) => {
  const { url, method, body, contentType = 'application/json', maxBytes = defaultMaxBytes } = request;
  const limit = AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs);
  const signal = request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = contentType;
  const authorization = await authorizationOf(request);
  if (authorization !== undefined) headers['authorization'] = authorization;
  const response = await fetch(url, { method, body, headers, signal, redirect: 'manual' });
  const bytes = await readBody(response, maxBytes);
  return { status: response.status, json: parseJson(bytes) };
};

export const postJson: PostJson = (url, body, options) =>
  sendRequest({ ...options, url, method: 'POST', body: JSON.stringify(body) });

async function authorizationOf({ authorization, bearerFile }: RequestOptions): Promise<string | undefined> {
  if (bearerFile === undefined) return authorization;
  const token = (await readFile(bearerFile, 'utf8')).trim();
  return `Bearer ${token}`;
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // The end of the loop cancels the stream, and the connection with it.
    if (length > maxBytes) throw new RangeError('the answer is longer than permitted');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
