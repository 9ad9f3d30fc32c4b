import type { ServerResponse } from 'node:http';
import { sendJson } from '@revocast/sidecar/service';
import { type Refusal, refusals } from '../signals/refusal.ts';
import type { UnverifiedReason } from '../telemetry/receiver-metrics.ts';

/** What is answered to a sender. */
export type Answer =
  | { readonly outcome: 'done' }
  /** `because`: the fault that is counted, where the answer must name another one. */
  | { readonly outcome: 'refused'; readonly reason: Refusal; readonly because?: Refusal | undefined }
  /** `why`: it was not verified; absent: it was, and was not taken. */
  | {
      readonly outcome: 'unavailable';
      readonly status: 503 | 429;
      readonly why?: UnverifiedReason | undefined;
      readonly retryAfterMs: number;
    }
  /** Of a protocol: its own status and body. */
  | { readonly outcome: 'other'; readonly status: number; readonly body?: object };

/** The names of the members of an error: RFC 8935 §2.3 has `err`, RFC 6749 §5.2 `error`. */
export type ErrorForm = 'err' | 'error';

/** @param doneStatus 200, 202 or 204. */
export function sendAnswer(response: ServerResponse, answer: Answer, form: ErrorForm, doneStatus: number): void {
  // OpenID Connect Back-Channel Logout 1.0 §2.8: no answer may be cached.
  response.setHeader('Cache-Control', 'no-store');
  switch (answer.outcome) {
    case 'done':
      response.writeHead(doneStatus, doneStatus === 200 ? { 'Content-Length': 0 } : {}).end();
      return;
    case 'refused': {
      const { status, err, description } = refusals[answer.reason];
      if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="revocast-receiver"');
      // RFC 8935 §2.3: the language of the description.
      response.setHeader('Content-Language', 'en');
      sendJson(
        response,
        status,
        form === 'err' ? { err, description } : { error: err, error_description: description },
      );
      return;
    }
    case 'unavailable':
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil(answer.retryAfterMs / 1000))));
      sendJson(response, answer.status, { [form]: 'temporarily_unavailable' });
      return;
    case 'other':
      if (answer.body === undefined) response.writeHead(answer.status).end();
      else sendJson(response, answer.status, answer.body);
  }
}
