import type { OpenedSource, OpenSourceOptions } from '../log/opened-source.ts';
import { loadClient } from '../redis/connection/load-client.ts';
import { parseSource } from './source.ts';

/**
 * Everything that one URL offers. An unreachable source is not an error here.
 *
 * @throws ConfigurationError for a URL that names no source, or when ioredis is not installed.
 */
export async function openSource(url: string, options: OpenSourceOptions): Promise<OpenedSource> {
  const source = parseSource(url, 'source');
  const { clock } = options;
  switch (source.kind) {
    case 'redis': {
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
      const { EmbeddedLog } = await import('../embedded/memory/embedded-log.ts');
      const { log, feed, lookUp } = new EmbeddedLog({ clock, epoch: options.newEpoch() });
      return { kind: 'memory', name: source.name, log, feed, lookUp, close: () => log.close() };
    }
  }
}
