import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isJsonObject } from '@revocast/denylist/replica';

/** An answer of the token endpoint with the status 200. */
export interface KeptAnswer {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** Of the connection, or of the moment. */
const notKept = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'];
const nonceBytes = 12;
const tagBytes = 16;

export function keptHeaders(headers: OutgoingHttpHeaders): KeptAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || notKept.includes(name.toLowerCase())
        ? []
        : [[name, typeof value === 'number' ? String(value) : value]],
    ),
  );
}

/** @param key 32 bytes, for this answer only. */
export function seal({ headers, body }: KeptAnswer, key: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const text = JSON.stringify({ headers, body: body.toString('base64') });
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error for bytes that were not sealed with this key */
export function unseal(sealed: Buffer, key: Buffer): KeptAnswer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const text = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  const answer: unknown = JSON.parse(text.toString('utf8'));
  if (!isJsonObject(answer) || !isJsonObject(answer['headers']) || typeof answer['body'] !== 'string') {
    throw new TypeError('expected the answer of a token endpoint, found another value');
  }
  // It was sealed by `seal`.
  return { headers: answer['headers'] as KeptAnswer['headers'], body: Buffer.from(answer['body'], 'base64') };
}

export function sendAnswer(response: ServerResponse, { headers, body }: KeptAnswer): void {
  response.statusCode = 200;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
