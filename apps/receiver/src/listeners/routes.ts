import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answering, pathOf, sendJson } from '@revocast/sidecar/service';
import { type Answer, type ErrorForm, sendAnswer } from './answers.ts';
import { readBody } from './read-body.ts';

/** One request to the route of a source. */
export interface SourceRequest {
  readonly body: Uint8Array;
  readonly request: IncomingMessage;
}

/** The route of one source: `/<name>`. */
export interface Route {
  readonly maxBytes: number;
  readonly form: ErrorForm;
  /** The status of an answer that is `done`. */
  readonly doneStatus: 200 | 202 | 204;
  /** Whether the credential of the request is accepted; before the body is read. Absent: the message has its own proof. */
  readonly authenticate?: (request: IncomingMessage) => Promise<Answer | undefined>;
  readonly post: (request: SourceRequest) => Promise<Answer>;
  /** The answer to a GET; absent: 405. */
  readonly get?: (request: IncomingMessage) => Answer;
}

/** Requests whose bodies are read at the same time. One more is answered 429: callers choose how many they are. */
const mostAtOnce = 256;

/** Serves the routes of all sources. The path names the source, never the message. */
export function createRoutes(routes: ReadonlyMap<string, Route>): RequestListener {
  let current = 0;
  return answering(async (request, response) => {
    const route = routes.get(pathOf(request).slice(1));
    if (route === undefined) return sendJson(response, 404, { error: 'not_found' });
    const { form, doneStatus } = route;
    if (request.method === 'GET' && route.get !== undefined) {
      return sendAnswer(response, route.get(request), form, 200);
    }
    if (request.method !== 'POST') {
      return sendJson(response.setHeader('Allow', 'POST'), 405, { error: 'method_not_allowed' });
    }
    if (current >= mostAtOnce) {
      return sendAnswer(response, { outcome: 'unavailable', status: 429, retryAfterMs: 1000 }, form, doneStatus);
    }
    current += 1;
    try {
      await serve(route, request, response);
    } finally {
      current -= 1;
    }
  });
}

async function serve(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { form, doneStatus, maxBytes } = route;
  const refusal = await route.authenticate?.(request);
  const body = refusal === undefined ? await readBody(request, maxBytes) : undefined;
  // The rest of a body that is not read would be taken for the next request.
  if (body === undefined) response.setHeader('Connection', 'close');
  const tooLarge: Answer = { outcome: 'refused', reason: 'too_large' };
  const answer = refusal ?? (body === undefined ? tooLarge : await route.post({ body, request }));
  sendAnswer(response, answer, form, doneStatus);
}
