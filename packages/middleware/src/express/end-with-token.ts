import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError, type Reason } from '../errors.ts';
import { admissionOf } from '../gate/admitted-request.ts';
import { headersWithBody, refuse } from '../gate/refusal.ts';
import { closeCodeOf, type EndReason, type Watch, type WatchOptions } from '../streams/watch.ts';
import type { VerifierParts } from '../verifier/verifier-parts.ts';

export type EndOptions = Omit<WatchOptions, 'until' | 'onEnd'>;

/** How long an ended response may wait for a client that does not read. */
const flushMs = 1000;

/**
 * Ends a response when its token ends, and stops watching when it closes. To be called behind `protect`, before the response is
 * written: Server-Sent Events, long polls, downloads.
 *
 * - A response that has not begun is answered as `protect` would: 401 with a challenge, or 503.
 * - Server-Sent Events get a last event: `revoked`, after which the client must not come back with this token, or `unavailable`.
 *   Its data is JSON; with `exposeReason` it has the reason.
 * - Any other response is cut, so that the client does not take a part for the whole.
 *
 * What the application writes after the end is dropped. `Cache-Control` is `no-store` unless the application sets another one.
 *
 * @returns a signal that aborts when the token ends. It never aborts for an anonymous request, or if `protect` only reports.
 * @throws ConfigurationError where the route is not behind `protect`; UnavailableError above `watch.maxStreams`.
 */
export function endWithToken(
  request: IncomingMessage,
  response: ServerResponse,
  options: EndOptions = {},
): AbortSignal {
  const admission = admissionOf(request);
  if (admission === undefined) {
    throw new ConfigurationError('endWithToken', 'this route is not behind protect(): mount protect() before it');
  }
  const { auth, verifier } = admission;
  if (auth === undefined) return new AbortController().signal;
  if (verifier.watch === undefined) {
    throw new ConfigurationError(
      'endWithToken',
      'expected a verifier of this version of the package, found an earlier one',
    );
  }
  // Node keeps the headers of `writeHead` for later only if one was set before, and `end` has to read the content type.
  if (!response.headersSent && !response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  const watch: Watch = verifier.watch(auth, { ...options, onEnd: (reason) => end(response, reason, verifier) });
  response.once('close', () => watch.close());
  return watch.signal;
}

function end(response: ServerResponse, ended: EndReason, { answerStyle }: VerifierParts): void {
  // An application that goes on writing would otherwise end the process: Node reports it as an error of the response.
  response.on('error', () => {});
  if (response.writableEnded || response.destroyed) return;
  const refusal = refuse({ reason: reasonOf(ended) }, answerStyle, {});
  if (!response.headersSent) {
    response.writeHead(refusal.status, { ...headersWithBody(refusal), Connection: 'close' });
    response.end(refusal.body);
    return;
  }
  if (!isEventStream(response)) {
    response.destroy();
    return;
  }
  const name = closeCodeOf(ended) === 4401 ? 'revoked' : 'unavailable';
  const data = JSON.stringify({ reason: answerStyle.exposeReason ? ended : undefined });
  response.end(`event: ${name}\ndata: ${data}\n\n`);
  const cut = setTimeout(() => response.destroy(), flushMs);
  cut.unref();
  response.once('close', () => clearTimeout(cut));
}

function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream');
}

/** What `protect` would answer to a request with this token now. */
function reasonOf(ended: EndReason): Reason {
  if (ended === 'key_not_trusted') return 'unknown_kid';
  return ended === 'verifier_closed' ? 'denylist_unavailable' : ended;
}
