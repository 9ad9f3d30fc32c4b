import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeReport } from '../../codec/report.ts';
import { answer, answerBusy, readBody } from './answer.ts';
import type { Readers } from './readers/readers.ts';

/** As long as a frame of the stream: more than a thousand replicas behind one relay. */
const maxBodyBytes = 64 * 1024;

/** `POST /v1/acks`: a reader says how far the replicas are that it speaks for. Changes nothing else. */
export async function receiveReport(
  request: IncomingMessage,
  response: ServerResponse,
  readers: Readers,
): Promise<void> {
  try {
    const body = await readBody(request, maxBodyBytes);
    const report = body === undefined ? 'the body is too large' : decodeReport(body);
    if (typeof report === 'string') {
      answer(response, 400, { error: 'malformed_request', message: report });
      return;
    }
    if (readers.reportByName(report.reader, report.replicas)) response.writeHead(204).end();
    else answerBusy(response, 'too_many_readers');
  } catch {
    response.destroy(); // the link broke while the body was read, so no answer can be sent
  }
}
