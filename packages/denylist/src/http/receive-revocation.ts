import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeAppendRequest } from '../codec/append-request.ts';
import { type AppendRequest, LogError, type LogErrorCode, type RevocationLog } from '../revocation-log.ts';
import { answer } from './serve.ts';

const maxBodyBytes = 16 * 1024;
const statusOf: Readonly<Record<LogErrorCode, number>> = {
  refused: 422,
  unavailable: 503,
  not_durable: 507,
  outcome_unknown: 504,
};

/** `POST /v1/revocations`: hands one statement to the log and answers what became of it, never a bare OK. */
export async function receiveRevocation(
  request: IncomingMessage,
  response: ServerResponse,
  log: RevocationLog,
): Promise<void> {
  try {
    const body = await readBody(request);
    const append: AppendRequest | string = body === undefined ? 'the body is too large' : decodeAppendRequest(body);
    if (typeof append === 'string') {
      answer(response, 400, { error: 'malformed_request', message: append });
      return;
    }
    answer(response, 201, await log.append(append));
  } catch (error) {
    if (error instanceof LogError)
      answer(response, statusOf[error.code], { error: error.code, message: error.message });
    else answer(response, 500, { error: 'internal_error', message: 'the sidecar failed; see its log' });
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) return undefined;
    size += chunk.byteLength;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
