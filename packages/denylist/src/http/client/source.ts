import type { OpenedSource, OpenSourceOptions } from '../../log/opened-source.ts';
import type { HttpSource } from '../../sources/source.ts';
import { createHttpFeed } from './feed.ts';
import { createHttpLog } from './log.ts';
import { createHttpReseed } from './reseed.ts';
import { createHttpUsage } from './usage.ts';

/** Another sidecar as a source: a relay. */
export function openHttpSource(source: HttpSource, { clock, tokenFile }: OpenSourceOptions): OpenedSource {
  const token = tokenFile === undefined ? {} : { tokenFile };
  const log = createHttpLog(source, { clock, ...token });
  const usage = createHttpUsage(source, { clock, ...token });
  return {
    kind: 'http',
    name: source.name,
    feed: createHttpFeed(source, { clock, ...token }),
    log,
    usage,
    reseed: tokenFile === undefined ? undefined : createHttpReseed(log),
    async close() {
      usage.close();
      await log.close();
    },
  };
}
