import type { ProcessFigures } from './message.ts';

/** The figures of this process. A collection first, if node was started so that it can be asked for: garbage is no leak. */
export function measure(): ProcessFigures {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((resource) => resource === 'Timeout' || resource === 'Immediate').length;
  const handles = resources.filter((resource) => handleNames.has(resource)).length;
  return { rssBytes: rss, heapBytes: heapUsed, handles, timers };
}

/** What stays open until it is closed; writes and connects under way come and go. */
const handleNames = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'PipeServerWrap', 'TTYWrap', 'FSEventWrap']);
