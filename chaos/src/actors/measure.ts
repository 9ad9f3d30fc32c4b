import type { ProcessFigures } from './message.ts';

/** The figures of this process. With `node --expose-gc` it collects garbage first, because garbage is not a leak. */
export function measure(): ProcessFigures {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((resource) => resource === 'Timeout' || resource === 'Immediate').length;
  const handles = resources.filter((resource) => handleNames.has(resource)).length;
  return { rssBytes: rss, heapBytes: heapUsed, handles, timers };
}

/** Resources that stay open until the program closes them. Pending writes and connection attempts are not counted. */
const handleNames = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'PipeServerWrap', 'TTYWrap', 'FSEventWrap']);
