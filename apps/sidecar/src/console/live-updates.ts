import type { ServerResponse } from 'node:http';
import type { Clock } from '@revocast/denylist/replica';
import type { ConsoleView } from './console-view.ts';
import { formatClock } from './render/format.ts';
import { describeState } from './render/freshness.ts';
import { liveParts } from './render/page.ts';

/** A page is told of news at most this often. */
export const updateMs = 1000;
/** Pages followed at once: people, not machines. */
export const maxPages = 8;

export interface LiveUpdates {
  /** False when as many pages are followed as may be. */
  follow(response: ServerResponse): boolean;
  close(): void;
}

/** Sends each open page the parts that changed since it was last told. */
export function createLiveUpdates(read: () => ConsoleView, clock: Pick<Clock, 'sleep'>): LiveUpdates {
  const pages = new Set<AbortController>();

  const tell = async (response: ServerResponse, { signal }: AbortController) => {
    const sent = new Map<string, string>();
    while (!signal.aborted) {
      // A page that does not read is not written to: what waits for it would only grow.
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
      void tell(response, page).catch(() => response.destroy());
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
