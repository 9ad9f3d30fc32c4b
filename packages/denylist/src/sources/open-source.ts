import type { OpenedSource, OpenSourceOptions } from '../log/opened-source.ts';
import { parseSource } from './source.ts';

/** @throws ConfigurationError for a URL that cannot be a source, or a missing ioredis; never because it is out of reach. */
export async function openSource(url: string, options: OpenSourceOptions): Promise<OpenedSource> {
  const source = parseSource(url, 'source');
  const { clock } = options;
  switch (source.kind) {
    case 'redis': {
      const { loadClient } = await import('../redis/connection/load-client.ts');
      await loadClient();
      const { openRedisSource } = await import('../redis/source.ts');
      return openRedisSource(source, options);
    }
    case 'http': {
      const { openHttpSource } = await import('../http/client/source.ts');
      return openHttpSource(source, options);
    }
    case 'file': {
      const { openFileSource } = await import('../embedded/file/source.ts');
      return await openFileSource(source, options);
    }
    case 'memory': {
      const { createEmbeddedLog } = await import('../embedded/memory/embedded-log.ts');
      const { log, feed, lookUp } = createEmbeddedLog({ clock, epoch: options.newEpoch() });
      return { kind: 'memory', name: source.name, log, feed, lookUp, close: () => log.close() };
    }
  }
}
