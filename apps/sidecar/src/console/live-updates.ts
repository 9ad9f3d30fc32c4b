import type { ServerResponse } from 'node:http';
import type { Clock } from '@revocast/denylist/replica';
import type { ConsoleView } from './console-view.ts';
import { formatClock } from './render/format.ts';
import { describeState } from './render/freshness.ts';
import { liveParts } from './render/page.ts';

/** Milliseconds between two updates of a page. */
const updateMs = 1000;
/** Milliseconds for which one rendering serves all pages: a page that is opened costs no rendering of its own. */
const renderedMs = 500;
/** Pages that receive updates at the same time. The next one takes the place of the oldest. */
export const maxPages = 32;

interface LiveUpdates {
  /** Sends updates to a page until it closes, or until {@link maxPages} later pages are open. */
  follow(response: ServerResponse): void;
  close(): void;
}

type Rendered = Readonly<Record<'at' | 'state' | 'sentence', string>> & { readonly parts: ReadonlyMap<string, string> };

/** Sends to each open page the parts that changed since its last update. */
export function createLiveUpdates(read: () => ConsoleView, clock: Pick<Clock, 'sleep' | 'monotonicMs'>): LiveUpdates {
  const pages = new Set<AbortController>();
  let rendered: Rendered | undefined;
  let renderedAtMs = 0;

  const current = () => {
    const nowMs = clock.monotonicMs();
    if (rendered === undefined || nowMs - renderedAtMs >= renderedMs) {
      rendered = renderParts(read());
      renderedAtMs = nowMs;
    }
    return rendered;
  };
  const update = async (response: ServerResponse, { signal }: AbortController) => {
    const sent = new Map<string, string>();
    while (!signal.aborted) {
      // Nothing is written to a page that does not read: the buffer would grow without limit.
      if (response.writableLength === 0) response.write(`data: ${JSON.stringify(changesSince(sent, current()))}\n\n`);
      await clock.sleep(updateMs, signal);
    }
    response.end();
  };

  return {
    follow(response) {
      const [oldest] = pages;
      // Pages that are left open must not keep a person with an incident out.
      if (pages.size >= maxPages) oldest?.abort('replaced');
      const page = new AbortController();
      pages.add(page);
      page.signal.addEventListener('abort', () => {
        pages.delete(page);
        if (page.signal.reason === 'replaced') response.write('event: replaced\ndata: 1\n\n');
      });
      response.once('close', () => page.abort());
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      void update(response, page).catch(() => response.destroy());
    },
    close() {
      for (const page of pages) page.abort();
    },
  };
}

function renderParts(view: ConsoleView): Rendered {
  const { state } = view.status.freshness;
  const parts = new Map(Object.entries(liveParts).map(([part, render]) => [part, render(view).toString()]));
  return { at: formatClock(view.nowMs).slice(0, 8), state, sentence: describeState(view), parts };
}

function changesSince(sent: Map<string, string>, { parts, ...facts }: Rendered) {
  const changed = [...parts].filter(([part, markup]) => sent.get(part) !== markup);
  for (const [part, markup] of changed) sent.set(part, markup);
  return { ...facts, parts: Object.fromEntries(changed) };
}
