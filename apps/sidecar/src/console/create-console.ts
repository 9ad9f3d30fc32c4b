import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Replica } from '@revocast/denylist/replica';
import type { Readers } from '@revocast/denylist/server';
import { answerDigests } from './answer-digests.ts';
import { type ConsoleParts, readView } from './console-view.ts';
import { createLiveUpdates, maxPages } from './live-updates.ts';
import { securityHeaders } from './page/security-policy.ts';
import { renderPage } from './render/page.ts';
import { createReplicaLags } from './replica-lags.ts';

export interface ConsoleOptions extends Omit<ConsoleParts, 'lags' | 'clock' | 'replica'> {
  readonly replica: Replica;
  readonly readers: Pick<Readers, 'progress' | 'onProgress'>;
  readonly clock: Clock;
}

export interface SidecarConsole {
  /** Answers the paths of the console; false when the request is for none of them. Who may ask is the listener's business. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  close(): void;
}

/** The page that people look at during an incident. It reads, and changes nothing. */
export function createConsole({ readers, ...parts }: ConsoleOptions): SidecarConsole {
  const { replica, clock } = parts;
  const lags = createReplicaLags({ replica, readers, clock });
  const read = () => readView({ ...parts, lags });
  const updates = createLiveUpdates(read, clock);

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
      if (path !== '/console' && path !== '/console/events' && path !== '/console/digests') return false;
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
      if (isOfAnotherPage(request, path)) answer(response, 403, { error: 'cross_site_refused' });
      else if (path === '/console/events') serveEvents(response);
      else if (path === '/console/digests') serveDigests(response, new URLSearchParams(query));
      else response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(renderPage(read()));
      return true;
    },
    close() {
      updates.close();
      lags.close();
    },
  };
}

/**
 * Browsers leave `Origin` out of what another site embeds without asking (an image, a frame); Fetch Metadata tells. A link
 * that a person follows to the page itself is welcome.
 */
function isOfAnotherPage({ headers }: IncomingMessage, path: string): boolean {
  if (path === '/console') return (headers['sec-fetch-dest'] ?? 'document') !== 'document';
  const site = headers['sec-fetch-site'] ?? 'none';
  return site !== 'same-origin' && site !== 'none';
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
