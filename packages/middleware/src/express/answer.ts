import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Reason,
  type RejectionReason,
  specOf,
  TokenError,
  UnavailableError,
  type UnavailableReason,
} from '../errors.ts';
import { type AnswerStyle, answerTo, type Wanted } from '../gate/challenge.ts';
import type { Next } from './request-state.ts';

export interface Refusal {
  readonly reason: Reason;
  readonly wanted?: Wanted;
  /** The original error behind `internal_error`; for `next(err)` only. */
  readonly cause?: unknown;
}

/** Where an answer goes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly next: Next;
  readonly style: AnswerStyle;
  /** Hand the error to the app instead of answering. */
  readonly forwardErrors: boolean;
}

/** Answers a refused request, or hands the app an error that carries the same answer. */
export function refuseRequest({ reason, wanted, cause }: Refusal, exchange: Exchange): void {
  const { response, next, style, forwardErrors } = exchange;
  const { status, headers, body } = answerTo(reason, style, wanted);
  if (forwardErrors) {
    next(errorOf(reason, headers, cause));
    return;
  }
  // The client has gone, or somebody has answered before us: there is nothing left to say.
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

function errorOf(reason: Reason, headers: Readonly<Record<string, string>>, cause: unknown): Error {
  if (isUnavailable(reason)) return new UnavailableError(reason, headers, cause === undefined ? {} : { cause });
  return new TokenError(reason, headers);
}

function isUnavailable(reason: Reason): reason is UnavailableReason {
  return specOf(reason).family === 'unavailable';
}

export type { RejectionReason };
