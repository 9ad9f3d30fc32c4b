import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** Sends JSON. Node sends no body to a HEAD request. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.writeHead(status).end(text);
}

/** A handler that answers 500 when `handle` fails. The cause is not sent: it may quote a URL. */
export function answering(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): RequestListener {
  return (request, response) => {
    void (async () => handle(request, response))().catch(() => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'internal_error' });
    });
  };
}
