import type { IncomingMessage } from 'node:http';
import type { Clock } from '@revocast/denylist/replica';
import type { BodyShare } from './body-budget.ts';

/** Why a body was not read. `busy`: the budget of all bodies is used up. `closed`: the sender has closed the connection. */
export type BodyFailure = 'too_large' | 'too_slow' | 'busy' | 'closed';

interface BodyBounds {
  readonly maxBytes: number;
  readonly share: BodyShare;
  readonly clock: Clock;
}

/** Milliseconds until a body must be there, with a millisecond more for this many bytes of its bound. */
const firstMs = 2000;
const bytesInMs = 128;

/** Stops as soon as a bound is exceeded, whatever `Content-Length` says. The rest of the body is then not read. */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, share, clock }: BodyBounds,
): Promise<Uint8Array | BodyFailure> {
  const timer = new AbortController();
  const chunks: Buffer[] = [];
  let length = 0;
  let listeners: Record<string, (chunk: unknown) => void> = {};
  try {
    return await new Promise<Uint8Array | BodyFailure>((resolve) => {
      listeners = {
        data(chunk) {
          if (!Buffer.isBuffer(chunk)) return resolve('closed');
          length += chunk.length;
          if (length > maxBytes) return resolve('too_large');
          if (!share.grow(length)) return resolve('busy');
          chunks.push(chunk);
        },
        end: () => resolve(Buffer.concat(chunks, length)),
        error: () => resolve('closed'),
        close: () => resolve('closed'),
      };
      for (const [event, listener] of Object.entries(listeners)) request.on(event, listener);
      void clock.sleep(firstMs + maxBytes / bytesInMs, timer.signal, true).then(() => resolve('too_slow'));
    });
  } finally {
    timer.abort();
    request.pause();
    for (const [event, listener] of Object.entries(listeners)) request.off(event, listener);
    // A connection that ends later must not end this process.
    request.on('error', () => undefined);
  }
}

/** `application/secevent+jwt; charset=…` → `application/secevent+jwt`. */
export function contentTypeOf(request: IncomingMessage): string {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
