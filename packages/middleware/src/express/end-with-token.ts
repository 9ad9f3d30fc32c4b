import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigurationError, type Reason, UnavailableError } from '../errors.ts';
import { admissionOf } from '../gate/admitted-request.ts';
import { headersWithBody, type Refusal, refuse } from '../gate/refusal.ts';
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
 * Above `watch.maxStreams` the response is ended at once, with 503: a stream that is not watched must not be opened.
 *
 * @returns a signal that aborts when the token ends. It is aborted already where there is nothing to write to: the client has
 * left, or the response was ended at once. It never aborts later for an anonymous request, or if `protect` only reports.
 * @throws ConfigurationError where the route is not behind `protect`, and for wrong options.
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
  // It does not emit `close` again: its watch would last as long as its token, and fill `watch.maxStreams`.
  if (isClosed(response)) return AbortSignal.abort();
  if (auth === undefined) return new AbortController().signal;
  if (verifier.watch === undefined) {
    throw new ConfigurationError(
      'endWithToken',
      'expected a verifier of this version of the package, found an earlier one',
    );
  }
  // Node keeps the headers of `writeHead` for later only if one was set before, and `end` has to read the content type.
  if (!response.headersSent && !response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  try {
    const watch: Watch = verifier.watch(auth, { ...options, onEnd: (reason) => end(response, reason, verifier) });
    response.once('close', () => watch.close());
    return watch.signal;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    // Not thrown: the error of an asynchronous handler of Express 4 ends the process, and a client can cause this one.
    end(response, 'denylist_unavailable', verifier);
    return AbortSignal.abort();
  }
}

function isClosed(response: MaybeHttp2): boolean {
  return response.destroyed || response.stream?.destroyed === true;
}

/** A response of `node:http`, or of the compatibility API of `node:http2`, which has a stream. */
type MaybeHttp2 = ServerResponse & { readonly stream?: { readonly destroyed: boolean } };

function end(response: MaybeHttp2, ended: EndReason, { answerStyle }: VerifierParts): void {
  // An application that goes on writing would otherwise end the process: Node reports it as an error of the response.
  response.on('error', () => {});
  if (response.writableEnded || isClosed(response)) return;
  if (!response.headersSent) {
    answer(response, refuse({ reason: reasonOf(ended) }, answerStyle, {}));
    return;
  }
  if (!isEventStream(response)) {
    // HTTP/2 ends a stream that is destroyed without an error as if the response were complete.
    response.destroy(response.stream && new Error('the token of this response has ended'));
    return;
  }
  const name = closeCodeOf(ended) === 4401 ? 'revoked' : 'unavailable';
  const data = JSON.stringify({ reason: answerStyle.exposeReason ? ended : undefined });
  // A new line first: the application may have written a part of a line. An empty line would dispatch what it has written of
  // an event as a complete one (WHATWG HTML §9.2.6).
  response.end(`\nevent: ${name}\ndata: ${data}\n\n`);
  const cut = setTimeout(() => response.destroy(), flushMs);
  cut.unref();
  response.once('close', () => clearTimeout(cut));
}

function answer(response: MaybeHttp2, refusal: Refusal): void {
  // HTTP/2 has no such field (RFC 9113 §8.2.2).
  const connection = response.stream === undefined ? { Connection: 'close' } : {};
  response.writeHead(refusal.status, { ...headersWithBody(refusal), ...connection });
  response.end(refusal.body);
  dropLateHeaders(response);
}

/** Node throws where an application sets headers of a response that is sent, and a late answer does that before it writes. */
function dropLateHeaders(response: ServerResponse): void {
  const drop = () => response;
  const dropped = { setHeader: drop, setHeaders: drop, appendHeader: drop, removeHeader: drop, writeHead: drop };
  Object.assign(response, dropped, { flushHeaders: drop });
}

function isEventStream(response: ServerResponse): boolean {
  // Types are compared without case (RFC 9110 §8.3.1).
  return String(response.getHeader('content-type')).toLowerCase().startsWith('text/event-stream');
}

/** What `protect` would answer to a request with this token now. */
function reasonOf(ended: EndReason): Reason {
  if (ended === 'key_not_trusted') return 'unknown_kid';
  return ended === 'verifier_closed' ? 'denylist_unavailable' : ended;
}
