import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Replica } from '@revocast/denylist/replica';
import type { Readers } from '@revocast/denylist/server';
import { answerDigests } from './answer-digests.ts';
import { type ConsoleParts, readView } from './console-view.ts';
import { createLiveUpdates, maxPages } from './live-updates.ts';
import { readPageFiles } from './page-files.ts';
import { renderPage } from './render/page.ts';
import { createReplicaLags } from './replica-lags.ts';
import { securityHeaders } from './security-headers.ts';

export interface ConsoleOptions extends Omit<ConsoleParts, 'lags' | 'clock' | 'replica'> {
  readonly replica: Replica;
  readonly readers: Pick<Readers, 'replicas' | 'onProgress'>;
  readonly clock: Clock;
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
  const files = readPageFiles();

  const serveEvents = (response: ServerResponse) => {
    if (!updates.follow(response))
      answer(response, 503, { error: 'too_many_pages', remedy: `close one of ${maxPages}` });
  };
  const serveDigests = (response: ServerResponse, query: URLSearchParams) => {
    const answered = answerDigests(query.getAll('d'), replica);
    if (typeof answered === 'string') answer(response, 400, { error: 'invalid_request', remedy: answered });
    else answer(response, 200, answered);
  };

  return {
    handle(request, response) {
      if (request.method !== 'GET') return false;
      const [path, query] = (request.url ?? '').split('?', 2);
      const file = files.get(path ?? '');
      const known = path === '/console' || path === '/console/events' || path === '/console/digests';
      if (!known && file === undefined) return false;
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
      if (path === '/console/events') serveEvents(response);
      else if (path === '/console/digests') serveDigests(response, new URLSearchParams(query));
      else if (file !== undefined) response.writeHead(200, { 'Content-Type': file.type }).end(file.text);
      else response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(renderPage(read()));
      return true;
    },
    close() {
      updates.close();
      lags.close();
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
