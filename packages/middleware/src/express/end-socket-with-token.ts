import { UnavailableError } from '../errors.ts';
import type { Passage } from '../gate/create-gate.ts';
import type { CloseCode, Watch, WatchOptions } from '../streams/watch.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** What is used of a socket of `ws`. */
export interface WebSocketLike {
  /** 1: open (WHATWG WebSockets §3.1). */
  readonly readyState: number;
  close(code: number): void;
  terminate(): void;
  removeAllListeners(event: 'message'): unknown;
  on(event: 'error' | 'close', listener: () => void): unknown;
}

export interface EndSocketOptions extends Omit<WatchOptions, 'until' | 'onEnd'> {
  readonly verifier: Pick<Verifier, 'watch'>;
}

const open = 1;
/** How long a client may take to answer the close frame. */
const closingMs = 1000;

/**
 * Ends a WebSocket of `ws` when its token ends, and at once if the gate refused it. To be called when the gate has decided,
 * before the first message of the socket is handled.
 *
 * The close code is 4401 where the client must not come back with this token, and 1013 where it may: see docs/streams.md. From
 * the end on, no message of the client is handled. A client that does not answer the close frame is cut after a second.
 *
 * @param passage what the gate decided about the request or the first message of this socket. A passage without a token
 * (anonymous, report-only) is not watched.
 * @returns whether the socket may be used. False: it is closed, because the gate refused it, its token has ended, its client
 * has left, or `watch.maxStreams` is reached.
 * @throws ConfigurationError as `verifier.watch`.
 */
export function endSocketWithToken(
  socket: WebSocketLike,
  passage: Passage,
  { verifier, ...options }: EndSocketOptions,
): boolean {
  // `ws` reports a malformed frame as an error, which ends the process if nothing listens.
  socket.on('error', () => socket.terminate());
  if (!passage.pass) return end(socket, passage.status < 429 ? 4401 : 1013);
  // It never emits `close` again: its watch would last as long as the token.
  if (socket.readyState !== open) return false;
  if (passage.auth === undefined) return true;
  try {
    const watch: Watch = verifier.watch(passage.auth, {
      ...options,
      onEnd: () => end(socket, watch.closeCode),
    });
    socket.on('close', () => watch.close());
    return watch.reason === undefined || end(socket, watch.closeCode);
  } catch (error) {
    end(socket, 1013);
    if (error instanceof UnavailableError) return false;
    throw error;
  }
}

/** Returns false, for the caller. */
function end(socket: WebSocketLike, code: CloseCode = 1013): false {
  // `ws` emits messages until the client has answered the close frame.
  socket.removeAllListeners('message');
  if (socket.readyState !== open) return false;
  socket.close(code);
  const cut = setTimeout(() => socket.terminate(), closingMs);
  cut.unref();
  socket.on('close', () => clearTimeout(cut));
  return false;
}
