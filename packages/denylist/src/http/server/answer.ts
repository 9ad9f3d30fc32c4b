import type { IncomingMessage, ServerResponse } from 'node:http';
import { LogError, type LogErrorCode } from '../../log/revocation-log.ts';

const statusOf: Readonly<Record<LogErrorCode, number>> = {
  refused: 422,
  id_conflict: 409,
  wrong_log: 409,
  clock_disagreement: 503,
  too_many_broad_rules: 429,
  unavailable: 503,
  not_durable: 507,
  outcome_unknown: 504,
};

export function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/**
 * Answers a caller beyond a limit. 429 and not 503: callers choose how many they are, and a 5xx would raise the alerts of a
 * sidecar that works (RFC 6585 §4).
 */
export function answerBusy(
  response: ServerResponse,
  error: 'too_many_readers' | 'too_many_snapshots' | 'too_many_reports',
): void {
  response.setHeader('retry-after', '1');
  answer(response, 429, { error, message: 'try again later, or put a relay between' });
}

/** Answers what a log did not do, by the code of its error. */
export function answerFailure(response: ServerResponse, error: unknown): void {
  if (error instanceof LogError) answer(response, statusOf[error.code], { error: error.code, message: error.message });
  else answer(response, 500, { error: 'internal_error', message: 'the sidecar failed; see its log' });
}

/** @returns undefined when there is more than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) return undefined;
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
