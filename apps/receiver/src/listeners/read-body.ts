import type { IncomingMessage } from 'node:http';

/** @returns undefined as soon as the body exceeds the bound, whatever `Content-Length` says. */
export async function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes: unknown = chunk;
    if (!Buffer.isBuffer(bytes)) return undefined;
    length += bytes.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

/** `application/secevent+jwt; charset=…` → `application/secevent+jwt`. */
export function contentTypeOf(request: IncomingMessage): string {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
