import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from '../decision.ts';
import type { VerifierParts } from '../verifier-parts.ts';

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

// Registered, so that guards of one copy of this package read what protect() of another wrote.
const stateKey = Symbol.for('revocast.request');

export function setState(request: object, state: RequestState): void {
  Reflect.set(request, stateKey, state);
  if (state.auth !== undefined) Reflect.set(request, 'auth', state.auth);
}

export function stateOf(request: object): RequestState | undefined {
  return Reflect.get(request, stateKey) as RequestState | undefined; // written by setState only
}
