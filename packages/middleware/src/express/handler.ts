import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission, Passage } from '../gate/admission.ts';
import { errorOf, headersWithBody, type Refusal } from '../gate/refusal.ts';

/** The `next` of Express 4 and 5. */
export type Next = (error?: unknown) => void;

/** A handler for Express 4 and 5; typed by what it uses of Node. */
export type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

export interface Exchange {
  readonly response: ServerResponse;
  readonly next: Next;
  /** Pass refusals to the application as errors. */
  readonly forwardErrors: boolean;
}

/** Lets a request pass, or answers it. */
export function conclude(passage: Passage | Promise<Passage>, exchange: Exchange): void {
  if (passage instanceof Promise) concludeLater(passage, exchange);
  else if (passage.pass) letPass(passage, exchange);
  else answer(passage, exchange);
}

function concludeLater(passage: Promise<Passage>, exchange: Exchange): void {
  passage.then((settled) => conclude(settled, exchange)).catch(exchange.next);
}

function letPass({ dpopNonce }: Admission, { response, next }: Exchange): void {
  if (dpopNonce !== undefined) response.setHeader('DPoP-Nonce', dpopNonce);
  next();
}

function answer(passage: Refusal, { response, next, forwardErrors }: Exchange): void {
  if (forwardErrors) {
    next(errorOf(passage));
    return;
  }
  // The client has disconnected, or another handler has already answered.
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = passage.status;
  for (const [name, value] of Object.entries(headersWithBody(passage))) response.setHeader(name, value);
  response.end(passage.body);
}
