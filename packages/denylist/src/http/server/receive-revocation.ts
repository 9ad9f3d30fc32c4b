import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeAppendRequest } from '../../codec/append-request.ts';
import type { AppendRequest, RevocationLog } from '../../log/revocation-log.ts';
import { digestToHex } from '../../rules/digest.ts';
import { isIssuerDigest } from '../../rules/trusted-issuers.ts';
import { answer, answerFailure, readBody } from './answer.ts';

const maxBodyBytes = 16 * 1024;

/** `POST /v1/revocations`: hands one statement to the log and answers what became of it, never a bare OK. */
export async function receiveRevocation(
  request: IncomingMessage,
  response: ServerResponse,
  log: RevocationLog,
): Promise<void> {
  try {
    const body = await readBody(request, maxBodyBytes);
    const append: AppendRequest | string = body === undefined ? 'the body is too large' : decodeAppendRequest(body);
    if (typeof append === 'string') {
      answer(response, 400, { error: 'malformed_request', message: append });
      return;
    }
    const appended = await log.append(append);
    // A publisher of the last release takes an answer without a number for a failure.
    const isUnknown = appended.redisReplicas === null;
    answer(response, 201, isUnknown ? { ...appended, redisReplicas: 0, redisReplicasUnknown: true } : appended);
  } catch (error) {
    answerFailure(response, error);
  }
}

/** `GET /v1/revocations?id=…&lift=…`: what the event of that id denied, so that it can be lifted. */
export async function answerDenial(request: IncomingMessage, response: ServerResponse, log: RevocationLog) {
  const { searchParams } = new URL(request.url ?? '/', 'http://sidecar');
  const id = searchParams.get('id');
  const liftId = searchParams.get('lift') ?? undefined;
  if (!id || id.length > 128 || (liftId !== undefined && (liftId === '' || liftId.length > 128))) {
    answer(response, 400, { error: 'malformed_request', message: 'expected ids of 1–128 characters' });
    return;
  }
  try {
    const { digest, dimension } = await log.denial(id, liftId);
    answer(response, 200, { digest: digestToHex(digest), dimension });
  } catch (error) {
    answerFailure(response, error);
  }
}

/**
 * `GET /v1/enforcement?epoch=…&head=…&cursor=…&issuer=…`: which replicas have applied an entry of the log, and whether they
 * trust the issuer with this digest, if one is named.
 */
export async function answerEnforcement(request: IncomingMessage, response: ServerResponse, log: RevocationLog) {
  const { searchParams } = new URL(request.url ?? '/', 'http://sidecar');
  const [epoch, head, cursor] = ['epoch', 'head', 'cursor'].map((name) => searchParams.get(name) ?? '');
  const issuer = searchParams.get('issuer') ?? undefined;
  if (!epoch || !head || !cursor) {
    answer(response, 400, { error: 'malformed_request', message: 'expected epoch, head and cursor' });
    return;
  }
  if (issuer !== undefined && !isIssuerDigest(issuer)) {
    answer(response, 400, { error: 'malformed_request', message: 'issuer: expected 16 hex digits' });
    return;
  }
  try {
    answer(response, 200, await log.enforcement({ epoch, head, cursor, issuer }));
  } catch (error) {
    answerFailure(response, error);
  }
}
