import type { IncomingMessage, RequestListener } from 'node:http';
import type { Clock } from '@revocast/denylist/replica';
import { answering, pathOf, sendJson } from '@revocast/sidecar/service';
import { type Answer, type ErrorForm, sendAnswer } from './answers.ts';
import { BodyBudget } from './body-budget.ts';
import type { AnswerReport } from './count-answers.ts';
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
  readonly report: AnswerReport;
}

/** Messages that are read completely and not answered yet. One more is answered 429: callers choose how many they are. */
const mostAtOnce = 1024;
const mostBodyBytes = 33_554_432;
const busy: Answer = { outcome: 'unavailable', status: 429, why: 'busy', retryAfterMs: 1000 };

/** Serves the routes of all sources. The path names the source, never the message. */
export function createRoutes(routes: ReadonlyMap<string, Route>, clock: Clock): RequestListener {
  const budget = new BodyBudget(mostBodyBytes);
  let current = 0;
  const post = async (route: Route, message: SourceRequest) => {
    if (current >= mostAtOnce) return unread(route, busy);
    current += 1;
    try {
      return await route.post(message);
    } finally {
      current -= 1;
    }
  };
  /** Undefined: the sender has gone. */
  const answerTo = async (route: Route, request: IncomingMessage): Promise<Answer | undefined> => {
    const refusal = await route.authenticate?.(request);
    if (refusal !== undefined) return unread(route, refusal);
    const share = budget.open();
    try {
      const body = await readBody(request, { maxBytes: route.maxBytes, share, clock });
      if (typeof body !== 'string') return await post(route, { body, request });
      if (body === 'closed') return void route.report.aborted();
      return unread(route, body === 'busy' ? busy : { outcome: 'refused', reason: body });
    } finally {
      share.release();
    }
  };
  return answering(async (request, response) => {
    const route = routes.get(pathOf(request).slice(1));
    if (route === undefined) return sendJson(response, 404, { error: 'not_found' });
    const { form, doneStatus, report } = route;
    if (request.method === 'GET' && route.get !== undefined) {
      return sendAnswer(response, unread(route, route.get(request)), form, 200);
    }
    if (request.method !== 'POST') {
      return sendJson(response.setHeader('Allow', 'POST'), 405, { error: 'method_not_allowed' });
    }
    const answer = await answerTo(route, request);
    if (answer === undefined) return void response.destroy();
    report.sent(answer);
    // The rest of a body that is not read would be taken for the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    sendAnswer(response, answer, form, doneStatus);
  });
}

/** An answer to a request whose message was not read. */
function unread({ report }: Route, answer: Answer): Answer {
  report.unread(answer);
  return answer;
}
