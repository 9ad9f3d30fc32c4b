import type { OpenedSource, OpenSourceOptions } from '../open-source.ts';
import type { HttpSource } from '../source.ts';
import { createHttpFeed } from './feed.ts';
import { createHttpLog, createHttpReseed } from './log.ts';

/** Another sidecar as a source: a relay. */
export function openHttpSource(source: HttpSource, { clock, tokenFile }: OpenSourceOptions): OpenedSource {
  const token = tokenFile === undefined ? {} : { tokenFile };
  const log = createHttpLog(source, { clock, ...token });
  return {
    kind: 'http',
    name: source.name,
    feed: createHttpFeed(source, { clock, ...token }),
    log,
    ...(tokenFile === undefined ? {} : { reseed: createHttpReseed(log) }),
    close: () => log.close(),
  };
}
