import type { IncomingMessage } from 'node:http';

/**
 * Reads a body and puts it back, so that the next reader finds it unread.
 *
 * @returns undefined, with the body put back, when its length is not stated or exceeds the limit; and when the client has left, or
 * the body has been read already.
 */
export function peekBody(request: IncomingMessage, longest: number): Promise<Buffer | undefined> {
  const { 'content-length': stated } = request.headers;
  const length = Number(stated);
  // Without a stated length, the end is seen only when nothing can be put back any more.
  if (stated === undefined || !Number.isSafeInteger(length) || length > longest) return Promise.resolve(undefined);
  if (length === 0) return Promise.resolve(Buffer.alloc(0));
  // It emits no further event: the client has left, or the body has been read, while the application awaited something.
  if (request.readableEnded || request.destroyed) return Promise.resolve(undefined);

  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let read = 0;
    const finish = (body: Buffer | undefined) => {
      request.off('readable', onReadable);
      request.off('close', onClose);
      resolve(body);
    };
    const onClose = () => finish(undefined);
    const onReadable = () => {
      for (let chunk: unknown = request.read(); Buffer.isBuffer(chunk); chunk = request.read()) {
        chunks.push(chunk);
        read += chunk.length;
        if (read < length) continue;
        const body = Buffer.concat(chunks);
        // In the same turn as the last read: the stream has not announced its end yet.
        request.unshift(body);
        finish(body);
        return;
      }
    };
    request.on('readable', onReadable);
    request.on('close', onClose);
  });
}
