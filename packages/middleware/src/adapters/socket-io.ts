// The entry `@revocast/middleware/socket.io`, for Socket.IO 4.
import type { Auth } from '../decision.ts';
import { createGate, type GateOptions } from '../gate/create-gate.ts';
import type { VerifierOptions } from '../options/options.ts';
import type { RequestWithHeaders } from '../token/bearer.ts';
import type { Verifier } from '../verifier/verifier.ts';

/** What is used of a socket. */
export interface SocketLike {
  readonly request: RequestWithHeaders;
  readonly handshake: { readonly auth: Readonly<Record<string, unknown>> };
  readonly data: { auth?: Auth | undefined };
}

/** What the client receives in `connect_error`: `error.message`, and this as `error.data`. */
export interface SocketRefusal {
  readonly status: number;
  /** Seconds; only of 429 and 503. */
  readonly retryAfter?: number | undefined;
  readonly error?: string;
  readonly error_description: string;
}

export type SocketMiddleware = (socket: SocketLike, next: (error?: Error) => void) => void;

/**
 * Returns a middleware for `io.use` that lets only sockets with an accepted access token connect, and sets `socket.data.auth`.
 * The token is `auth: { token }` of the client, or the `Authorization` field of the handshake. `io.use` covers the default
 * namespace only; `connectionStateRecovery` needs `skipMiddlewares: false`. Arguments and errors as {@link createGate}.
 */
export function socketGate(target?: VerifierOptions | Verifier, options?: GateOptions): SocketMiddleware {
  const gate = createGate(target, options);
  return function revocast(socket, next) {
    Promise.resolve(gate(handshakeOf(socket))).then((passage) => {
      if (passage.pass) {
        socket.data.auth = passage.auth;
        return next();
      }
      const { error, status, headers, body } = passage;
      const retryAfter = Number(headers['Retry-After']) || undefined;
      const data: SocketRefusal = { status, retryAfter, ...JSON.parse(body) };
      // Socket.IO sends `message` and `data` to the client, and nothing else.
      return next(Object.assign(new Error(data.error_description, { cause: error }), { data }));
    }, next);
  };
}

/** The handshake, with the token of `auth` as a field. A second one in the header is refused (RFC 6750 §2). */
function handshakeOf({ request, handshake: { auth } }: SocketLike): RequestWithHeaders {
  const { token } = auth;
  if (token === undefined) return request;
  const authorization = typeof token === 'string' ? `Bearer ${token}` : '';
  const { headers, rawHeaders = [], socket } = request;
  const pairs = [...rawHeaders, 'authorization', authorization];
  return { headers: { ...headers, authorization }, rawHeaders: pairs, socket };
}
