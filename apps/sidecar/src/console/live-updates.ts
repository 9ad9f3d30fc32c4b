import type { ServerResponse } from 'node:http';
import type { Clock } from '@revocast/denylist/replica';
import type { ConsoleView } from './console-view.ts';
import { formatClock } from './render/format.ts';
import { describeState } from './render/freshness.ts';
import { liveParts } from './render/page.ts';

/** Milliseconds between two updates of a page. */
const updateMs = 1000;
/** Pages that receive updates at the same time: enough for operators. */
export const maxPages = 8;

interface LiveUpdates {
  /** Sends updates to a page until it closes. @returns false if {@link maxPages} pages are open. */
  follow(response: ServerResponse): boolean;
  close(): void;
}

/** Sends to each open page the parts that changed since its last update. */
export function createLiveUpdates(read: () => ConsoleView, clock: Pick<Clock, 'sleep'>): LiveUpdates {
  const pages = new Set<AbortController>();

  const update = async (response: ServerResponse, { signal }: AbortController) => {
    const sent = new Map<string, string>();
    while (!signal.aborted) {
      // Nothing is written to a page that does not read: the buffer would grow without limit.
      if (response.writableLength === 0) response.write(`data: ${JSON.stringify(changesSince(sent, read()))}\n\n`);
      await clock.sleep(updateMs, signal);
    }
    response.end();
  };

  return {
    follow(response) {
      if (pages.size >= maxPages) return false;
      const page = new AbortController();
      pages.add(page);
      response.once('close', () => {
        pages.delete(page);
        page.abort();
      });
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      void update(response, page).catch(() => response.destroy());
      return true;
    },
    close() {
      for (const page of pages) page.abort();
    },
  };
}

function changesSince(sent: Map<string, string>, view: ConsoleView) {
  const parts: Record<string, string> = {};
  for (const [part, render] of Object.entries(liveParts)) {
    const markup = render(view).toString();
    if (sent.get(part) === markup) continue;
    sent.set(part, markup);
    parts[part] = markup;
  }
  const { state } = view.status.freshness;
  return { at: formatClock(view.nowMs).slice(0, 8), state, sentence: describeState(view), parts };
}
