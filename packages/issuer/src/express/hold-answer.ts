import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** The whole answer of a handler. `body` is undefined when it is longer than the limit. */
export interface HeldAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | undefined;
}

/**
 * Holds the answer of the handlers behind back until `keep` has resolved, so that it is kept before a client can miss it. A
 * client that goes away meanwhile does not stop them: its retry needs the answer.
 *
 * @param keep must not reject.
 */
export function holdAnswer(
  response: ServerResponse,
  { longest, keep }: { readonly longest: number; readonly keep: (answer: HeldAnswer) => Promise<void> },
): void {
  const original = { write: response.write, end: response.end, writeHead: response.writeHead };
  const chunks: Buffer[] = [];
  let length = 0;
  const collect = (chunk: unknown, encoding: unknown) => {
    const bytes = bytesOf(chunk, encoding);
    if (bytes === undefined) return;
    chunks.push(bytes);
    length += bytes.length;
  };
  const restore = () => Object.assign(response, original);

  response.once('close', () => {
    // Koa answers nothing once the socket of a response is closed; one without a socket it answers.
    if (!response.writableEnded && response.socket !== null) response.detachSocket(response.socket);
  });

  response.writeHead = (status: number, ...rest: unknown[]) => {
    response.statusCode = status;
    for (const part of rest) {
      if (typeof part === 'string') response.statusMessage = part;
      else setHeaders(response, part);
    }
    return response;
  };
  response.write = (chunk: unknown, ...rest: unknown[]) => {
    collect(chunk, rest[0]);
    callLast(rest);
    return true;
  };
  response.end = (...args: unknown[]) => {
    collect(args[0], args[1]);
    restore();
    const body = Buffer.concat(chunks);
    const answer = {
      status: response.statusCode,
      headers: response.getHeaders(),
      body: length <= longest ? body : undefined,
    };
    void keep(answer).then(() => {
      response.end(body);
      callLast(args);
    });
    return response;
  };
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk);
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}

function setHeaders(response: ServerResponse, headers: unknown): void {
  if (Array.isArray(headers)) {
    const flat: unknown[] = headers.flat();
    for (let at = 0; at + 1 < flat.length; at += 2) response.appendHeader(String(flat[at]), String(flat[at + 1]));
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  }
}

function callLast(args: readonly unknown[]): void {
  const last = args.at(-1);
  if (typeof last === 'function') last();
}
