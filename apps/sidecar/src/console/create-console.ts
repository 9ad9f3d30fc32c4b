import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readers } from '@revocast/denylist/server';
import { answerDigests } from './answer-digests.ts';
import { answerRevocations } from './answer-revocations.ts';
import { type ConsoleParts, readView } from './console-view.ts';
import { createLiveUpdates } from './live-updates.ts';
import { pageFiles } from './page-files.ts';
import { renderPage } from './render/page.ts';
import { createReplicaLags } from './replica-lags.ts';
import { securityHeaders } from './security-headers.ts';

interface ConsoleOptions extends Omit<ConsoleParts, 'lags'> {
  readonly readers: Pick<Readers, 'replicas' | 'silences' | 'onProgress'>;
}

export interface SidecarConsole {
  /** Answers the paths of the console. The listener has checked the right to read. @returns false for any other path. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  close(): void;
}

/** The web page for operators during an incident. It is read-only. */
export function createConsole({ readers, ...parts }: ConsoleOptions): SidecarConsole {
  const { replica, clock } = parts;
  const lags = createReplicaLags({ replica, readers, clock });
  const read = () => readView({ ...parts, lags });
  const updates = createLiveUpdates(read, clock);
  const routes = new Map<string, (response: ServerResponse, query: URLSearchParams) => void>([
    ['/console', (response) => send(response, { type: 'text/html', text: renderPage(read()) })],
    ['/console/events', (response) => updates.follow(response)],
    [
      '/console/digests',
      (response, query) => {
        const answer = answerDigests(query.getAll('d'), replica, parts.history);
        if (typeof answer === 'string') sendJson(response, { error: 'invalid_request', remedy: answer }, 400);
        else sendJson(response, answer);
      },
    ],
  ]);
  routes.set('/console/replicas', (response) => sendJson(response, { replicas: lags.read() }));
  routes.set('/console/revocations', (response, query) => {
    const answer = answerRevocations(query.get('since'), parts.history);
    if (typeof answer === 'string') sendJson(response, { error: 'invalid_request', remedy: answer }, 400);
    else sendJson(response, answer);
  });
  for (const [path, file] of pageFiles()) routes.set(path, (response) => send(response, file));

  return {
    handle({ method, url = '' }, response) {
      const [path = '', query] = url.split('?', 2);
      const serve = method === 'GET' ? routes.get(path) : undefined;
      if (serve === undefined) return false;
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
      serve(response, new URLSearchParams(query));
      return true;
    },
    close() {
      updates.close();
      lags.close();
    },
  };
}

function send(
  response: ServerResponse,
  { type, text }: { readonly type: string; readonly text: string },
  status = 200,
) {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8` }).end(text);
}

function sendJson(response: ServerResponse, body: unknown, status?: number): void {
  send(response, { type: 'application/json', text: JSON.stringify(body) }, status);
}
