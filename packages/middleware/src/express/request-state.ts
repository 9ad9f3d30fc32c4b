import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from '../decision.ts';
import type { VerifierParts } from '../verifier/verifier-parts.ts';

/** The `next` of Express 4 and 5. */
export type Next = (error?: unknown) => void;

/** A handler for Express 4 and 5; typed by what it uses of Node. */
export type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** What `protect` leaves on a request for guards and routes. */
export interface RequestState {
  readonly parts: VerifierParts;
  /** Absent for anonymous requests, and in report-only mode. */
  readonly auth: Auth | undefined;
  /** The token's identity also in report-only mode, so that guards can report. */
  readonly verified: Auth | undefined;
  readonly scheme: 'bearer' | 'dpop';
  readonly forwardErrors: boolean;
}

// Registered, so that guards of one copy of this package read what protect() of another noted.
const registered: unique symbol = Symbol.for('revocast.requests');

let known: WeakMap<object, RequestState> | undefined;

/** Beside the requests and not on them: a request that gets one more property pays for it twice over. */
function states(): WeakMap<object, RequestState> {
  if (known !== undefined) return known;
  const shared = globalThis as { [registered]?: WeakMap<object, RequestState> }; // under a key of ours
  shared[registered] ??= new WeakMap();
  known = shared[registered];
  return known;
}

export function setState(request: object, state: RequestState): void {
  states().set(request, state);
  // The one property that routes read; assigned, because reflection costs more than the check of a token that is known.
  if (state.auth !== undefined) (request as { auth?: Auth }).auth = state.auth; // any object may be given one
}

export function stateOf(request: object): RequestState | undefined {
  return states().get(request);
}
